"""``python -m classicvision`` is the command line."""

from classicvision.cli import main

if __name__ == "__main__":
    main()
