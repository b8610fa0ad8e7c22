"""The client's own version; it speaks version 1 of the HTTP API."""

VERSION = "0.1.0.dev0"
