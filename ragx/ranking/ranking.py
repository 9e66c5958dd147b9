from ragx.evaluation.ranking import *  # noqa
