"""A report as one comment of a pull request, written again in its place: GitHub, Bitbucket Cloud and Data Center."""
