"""A certificate for loopback, and the private authority that signed it: clients trust it by `REQUESTS_CA_BUNDLE` alone.

Two certificates, as every organisation has them: not every TLS library lets an authority's own be a server's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

# cryptography is no dev dependency of its own: azure-identity, which mlmon needs, requires it
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files of a certificate: `authority` is what a client must trust, `served` and `key` what a server shows."""

    authority: Path
    served: Path
    key: Path


def make_certificate(folder: Path) -> Certificate:
    """Write `certificate.pem`, `served.pem` and `key.pem`, valid for a week for 127.0.0.1 and localhost."""
    # elliptic: a tenth of the time RSA keys take
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    made = Certificate(folder / "certificate.pem", folder / "served.pem", folder / "key.pem")
    made.authority.write_bytes(_authority(authority).public_bytes(serialization.Encoding.PEM))
    made.served.write_bytes(_served(key, authority).public_bytes(serialization.Encoding.PEM))
    made.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    made.key.chmod(0o600)
    return made


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    builder = _certificate("mlmon tests", key, authority=key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return builder.sign(key, hashes.SHA256())


def _served(key: ec.EllipticCurvePrivateKey, authority: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    names = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    builder = (
        _certificate("127.0.0.1", key, authority=authority)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(authority, hashes.SHA256())


def _certificate(
    name: str, key: ec.EllipticCurvePrivateKey, *, authority: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mlmon tests")]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=7))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
    )
