"""The controller of ProgramUserInfoJobs: it keeps a FlinkDeployment for each of them."""
