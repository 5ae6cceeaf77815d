"""For tests of applications: a gateway that answers from recordings, offline and always alike."""
