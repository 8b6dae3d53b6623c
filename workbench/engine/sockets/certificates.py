"""Contexts for TLS: a client's, and a server's with a certificate from files or a throw-away one."""

from __future__ import annotations

import ssl
from pathlib import Path

from workbench.engine.sockets.tls_socket import Tls


class CertificateError(ValueError):
    """What is wrong with a certificate or key, in one sentence."""


def client_tls(
    host: str, *, ca: Path | None = None, insecure: bool = False, server_name: str = "", alpn: tuple[str, ...] = ()
) -> Tls:
    """Return a client's side: it checks that the certificate is *server_name*'s (else *host*'s), unless *insecure*.

    The keys are written to the file that SSLKEYLOGFILE names, if it names one.
    """
    try:
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    except (OSError, ssl.SSLError) as error:
        raise CertificateError(f"--ca {ca}: {_reason(error)}") from None
    if insecure:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return Tls(context, server_side=False, server_name=server_name or host)


def server_tls(certificate: Path | None, key: Path | None, *, alpn: tuple[str, ...] = ()) -> tuple[Tls, bytes]:
    """Return a server's side, and the PEM of the authority to trust where the certificate is a throw-away one."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority = b""
    if certificate is not None:
        try:
            context.load_cert_chain(certificate, key)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(f"--cert {certificate}: {_reason(error)}") from None
    else:
        authority = _throw_away(context)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return Tls(context, server_side=True), authority


def _throw_away(context: ssl.SSLContext) -> bytes:
    try:
        import trustme
    except ImportError:
        raise CertificateError(
            "a throw-away certificate needs trustme: pip install 'socket-workbench[tls]', or give --cert and --key"
        ) from None
    authority = trustme.CA()
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return bytes(authority.cert_pem.bytes())


def _reason(error: OSError) -> str:
    return str(getattr(error, "reason", None) or error.strerror or error)
