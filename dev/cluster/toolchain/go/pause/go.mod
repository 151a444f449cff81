module program-user-info/dev/pause

go 1.24.0
