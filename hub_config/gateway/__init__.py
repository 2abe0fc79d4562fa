"""The workspace gateway: the one door between browsers and the servers that researchers control.

It is what JupyterHub takes for each single-user server. It lets in whom the hub has signed in and the platform counts
as a member at this moment, lets through what the table in `endpoints` names, and lets nothing else out.
"""
