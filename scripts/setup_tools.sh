#!/bin/sh
# Add the tools of tests, and torch-scatter, to a virtual environment that setup.sh has made: setup_tools.sh FOLDER
set -eu
folder=$1
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }

echo "Adding the tools of tests ..."
pip install --quiet -c constraints.txt --no-build-isolation -e '.[dev]'

# torch-scatter has no wheel: it is compiled against the torch there, once; pip keeps what it built.
if ! "$folder/bin/python" -c 'import torch_scatter' 2>/dev/null; then
    echo "Building torch-scatter (4 to 9 minutes the first time) ..."
    pip install --quiet -c constraints.txt ninja
    log="$folder/torch-scatter.log"
    PATH="$PWD/$folder/bin:$PATH" MAX_JOBS=$(getconf _NPROCESSORS_ONLN) \
        "$folder/bin/python" -m pip --disable-pip-version-check install -c constraints.txt --no-build-isolation \
        torch-scatter >"$log" 2>&1 ||
        echo "torch-scatter was not built (see $log); ragx works without it, only slower in maximum and mean sums."
fi
