"""What goes wrong with a bucket, in one sentence that says what to set. Known by the names of the errors.

The libraries that speak to buckets (botocore, aiobotocore, google and azure clients) raise errors of their own, which
are no ``OSError``; they are not imported here, since a server with a folder does not have them.
"""

from __future__ import annotations

from ozora.errors import StoreError

LIBRARIES = ("botocore", "aiobotocore", "aiohttp", "gcsfs", "google", "adlfs", "azure", "s3fs")
SENTENCES = {
    "NoCredentialsError": "there are no credentials for it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role",
    "PartialCredentialsError": "its credentials are not complete: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "NoRegionError": "it has no region: set AWS_DEFAULT_REGION",
    "EndpointConnectionError": "its address does not answer: check AWS_ENDPOINT_URL and the network",
    "ConnectTimeoutError": "its address does not answer in time: check AWS_ENDPOINT_URL and the network",
    "ReadTimeoutError": "it does not answer in time: try again later",
    "SSLError": "its certificate is not accepted: check AWS_ENDPOINT_URL and AWS_CA_BUNDLE",
    "PermissionError": "these credentials may not do that there: allow reading, writing, listing and deleting",
}
MISSING_BUCKET = ("bucket does not exist", "nosuchbucket")


def explain_store_error(error: Exception) -> StoreError | None:
    """Return what to say of an error of a store; ``None`` when it is none of a store but a mistake of ours.

    A missing file stays a ``FileNotFoundError``; a missing bucket is said, though libraries call it the same.
    """
    text = str(error)
    if any(words in text.lower() for words in MISSING_BUCKET):
        return StoreError("the file store cannot be used now: the bucket does not exist; make it, or correct --files")
    if isinstance(error, FileNotFoundError):
        return None
    foreign = type(error).__module__.partition(".")[0] in LIBRARIES
    if not foreign and not isinstance(error, OSError | TimeoutError):
        return None
    said = SENTENCES.get(type(error).__name__)
    if said is None:
        said = f"{getattr(error, 'strerror', None) or text or type(error).__name__}; try again"
    return StoreError(f"the file store cannot be used now: {said}")
