"""The portal: pages for people, the embedded identity provider, and the JSON API."""
