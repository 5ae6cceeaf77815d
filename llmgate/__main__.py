"""`python -m llmgate`."""

import sys

from llmgate.cli import main

sys.exit(main())
