"""`python -m program_user_info_operator`."""

from program_user_info_operator.cli.main import main

if __name__ == "__main__":
    main()
