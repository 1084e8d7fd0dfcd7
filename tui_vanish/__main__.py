"""`python -m tui_vanish` is `vanish-tui`."""

import sys

from tui_vanish.start import main

sys.exit(main())
