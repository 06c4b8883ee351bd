"""The node's own certificate authority and the few certificates that it signs."""

from pathlib import Path

from .commands import output_of

VALID_DAYS = "3650"


def write(folder: Path, addresses: tuple[str, ...]) -> None:
    """Write `ca`, `server`, `admin` (`.key`, `.crt`) and the service accounts' `sa.key` and `sa.pub`."""
    folder.mkdir(parents=True)
    folder.chmod(0o700)
    _key(folder / "ca.key")
    output_of(
        (
            *("openssl", "req", "-x509", "-new", "-key", str(folder / "ca.key"), "-out", str(folder / "ca.crt")),
            *("-subj", "/CN=kubectl-job-operator test cluster", "-days", VALID_DAYS),
        )
    )
    names = [*(f"IP:{address}" for address in addresses), "DNS:localhost", "DNS:kubernetes.default.svc"]
    _signed(folder, "server", "/CN=server", f"subjectAltName={','.join(names)}\nextendedKeyUsage=serverAuth\n")
    _signed(folder, "admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth\n")
    _key(folder / "sa.key")
    output_of(("openssl", "pkey", "-in", str(folder / "sa.key"), "-pubout", "-out", str(folder / "sa.pub")))


def _key(path: Path) -> None:
    """Write a new private key."""
    output_of(("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(path)))
    path.chmod(0o600)


def _signed(folder: Path, name: str, subject: str, extensions: str) -> None:
    """Write a key and a certificate for it that our authority signed."""
    key, request, certificate = (folder / f"{name}.{suffix}" for suffix in ("key", "csr", "crt"))
    _key(key)
    output_of(("openssl", "req", "-new", "-key", str(key), "-subj", subject, "-out", str(request)))
    extension_file = folder / f"{name}.extensions"
    extension_file.write_text(extensions)
    output_of(
        (
            *("openssl", "x509", "-req", "-in", str(request), "-out", str(certificate), "-days", VALID_DAYS),
            *("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"), "-CAcreateserial"),
            *("-extfile", str(extension_file)),
        )
    )
