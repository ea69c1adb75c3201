# built by this directory's files
