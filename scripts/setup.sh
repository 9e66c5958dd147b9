#!/bin/sh
# Install ragx into a virtual environment: setup.sh PYTHON FOLDER
set -eu
python=$1
folder=$2
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }

# torch goes first and exactly pinned: an open range would take gigabytes of CUDA packages.
pip install --quiet -c constraints.txt setuptools wheel ninja numpy torch==2.13.0
pip install --quiet -c constraints.txt -e '.[dev]'

# torch-scatter has no wheel: it is compiled against the torch above, once; pip keeps what it built.
if ! "$folder/bin/python" -c 'import torch_scatter' 2>/dev/null; then
    echo "Building torch-scatter (4 to 9 minutes the first time) ..."
    log="$folder/torch-scatter.log"
    PATH="$PWD/$folder/bin:$PATH" MAX_JOBS=$(getconf _NPROCESSORS_ONLN) \
        "$folder/bin/python" -m pip --disable-pip-version-check install -c constraints.txt --no-build-isolation \
        torch-scatter >"$log" 2>&1 ||
        echo "torch-scatter was not built (see $log); ragx works without it, only slower in maximum and mean sums."
fi
