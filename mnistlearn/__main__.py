"`python -m mnistlearn`: the command, wherever it is installed"
import sys

from mnistlearn.apps.cli import main

if __name__ == '__main__': sys.exit(main())
