"""The ProgramUserInfoJob resource as types; the CRD is generated from them."""
