"""Prints the oldest versions that settings.ini admits, as a constraints file for pip

    python tools/floors.py > floors.txt
    python -m pip install -e '.[widgets,grade]' -c floors.txt
"""
from configparser import ConfigParser
from pathlib import Path

config = ConfigParser()
config.read(Path(__file__).resolve().parent.parent/'settings.ini', encoding='utf-8')
for name in ('requirements', 'widgets_requirements', 'scale_requirements', 'grade_requirements'):
    print(config['DEFAULT'][name].strip().replace('>=', '=='))
