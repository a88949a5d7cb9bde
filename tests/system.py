"What this system can do"
import os

import pytest

from mnistlearn.base.sandbox import held_by_system

posix = pytest.mark.skipif(os.name != 'posix', reason='Windows has no such signals, permissions, limits and links')
has_landlock, has_namespaces = (o in held_by_system() for o in ('other files', 'the network'))
