#!/bin/sh
# Install ragx, and what runs, sweeps and searches need, into a virtual environment: setup.sh PYTHON FOLDER
set -eu
python=$1
folder=$2
[ -x "$folder/bin/python" ] || "$python" -m venv "$folder"
pip() { "$folder/bin/python" -m pip --disable-pip-version-check "$@"; }

echo "Installing ragx and what it runs on into $folder ..."
# torch goes first and exactly pinned: an open range would take gigabytes of CUDA packages.
pip install --quiet -c constraints.txt setuptools wheel torch==2.13.0
rm -rf ragx.egg-info # an earlier version's would be asked for the version before what is installed
pip install --quiet -c constraints.txt --no-build-isolation -e '.[sweep]'
