from ragx.evaluation.item_lists import *  # noqa
