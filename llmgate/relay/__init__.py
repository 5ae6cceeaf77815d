"""Step 7, stream back: caller first, everything else after.

The only place where caller, provider, recorder and viewer meet. ``caller`` is the calling side of
one request, ``call`` what is known of it while it lives, ``stream`` the loop that moves bytes,
``minder`` the one clock that watches all of them, ``meter`` reads usage and ending on the side.
"""
