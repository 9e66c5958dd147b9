from ragx.evaluation.scorers import *  # noqa
