"""`python -m program_user_info_job`, and the script that `flink run --python` is given."""

from program_user_info_job.cli.main import main

if __name__ == "__main__":
    main()
