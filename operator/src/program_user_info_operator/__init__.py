"""Keeps a FlinkDeployment for every ProgramUserInfoJob."""
