"""What the service says when it refuses: status, code and message of every documented or reported refusal.

Clients match on these strings, so they are kept letter for letter, misspellings ("occured") included.
Source unless a line says otherwise: https://help.aliyun.com/zh/model-studio/error-code
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "ALLOCATION_QUOTA",
    "ARREARAGE",
    "ASYNC_NOT_SUPPORTED",
    "AUDIO_DECODER",
    "AUDIO_DURATION",
    "AUDIO_NO_SEGMENTS",
    "AUDIO_PREPROCESS",
    "AUDIO_RATE",
    "AUDIO_SIZE",
    "BODY_INVALID",
    "BODY_TIMEOUT",
    "BODY_TOO_LARGE",
    "BUSY",
    "FREE_TIER_ONLY",
    "HTTP_NOT_SUPPORTED",
    "INTERNAL",
    "INVALID_KEY",
    "INVALID_MESSAGE_TYPE",
    "INVALID_PARAMETERS",
    "MODEL_ACCESS_DENIED",
    "MODEL_NOT_EXIST",
    "MODEL_NOT_FOUND",
    "NOT_AUTHORIZED",
    "NOT_FOUND",
    "NO_KEY",
    "RATE_QUOTA",
    "URL_ERROR",
    "VOICE_NOT_SUPPORTED_HTTP",
    "WORKSPACE_DENIED",
    "WORKSPACE_NOT_FOUND",
    "ApiError",
    "invalid_parameter",
    "voice_not_supported",
]


@dataclass(frozen=True)
class ApiError:
    """One refusal: HTTP ``status``, ``code`` and ``message``.

    ``null_fields`` are keys that the body carries with the value null beside the error.
    On the websocket the code and message travel in an ``error`` event and the status is not used.
    """

    status: int
    code: str
    message: str
    null_fields: tuple[str, ...] = ()


def invalid_parameter(message: str) -> ApiError:
    """The service's catch-all refusal of a request: HTTP 400 ``InvalidParameter``."""
    return ApiError(400, "InvalidParameter", message)


def voice_not_supported(voice: str) -> ApiError:
    """The realtime refusal of a voice that the model does not have, or that was made for another model."""
    return ApiError(400, "invalid_value", f"The requested voice '{voice}' is not supported.")


INVALID_KEY = ApiError(401, "InvalidApiKey", "Invalid API-key provided.")
NO_KEY = ApiError(401, "InvalidApiKey", "No API-key provided.")
NOT_AUTHORIZED = ApiError(
    401,
    "NOT AUTHORIZED",
    "Access denied: Either you are not authorized to access this workspace, or the workspace does not exist. "
    "Please:\nVerify the workspace configuration.\nCheck your API endpoint settings. "
    "Ensure you are targeting the correct environment.",
)
WORKSPACE_DENIED = ApiError(403, "Workspace.AccessDenied", "Workspace access denied.")
WORKSPACE_NOT_FOUND = ApiError(404, "WorkSpaceNotFound", "WorkSpace can not be found.")
MODEL_ACCESS_DENIED = ApiError(403, "Model.AccessDenied", "Model access denied.")
MODEL_NOT_EXIST = invalid_parameter("Model not exist.")
MODEL_NOT_FOUND = ApiError(404, "ModelNotFound", "Model can not be found.")
URL_ERROR = invalid_parameter("url error, please check url\N{FULLWIDTH EXCLAMATION MARK}")
HTTP_NOT_SUPPORTED = invalid_parameter("current user api does not support http call.")
# https://github.com/AstrBotDevs/AstrBot/issues/6045
INVALID_MESSAGE_TYPE = ApiError(400, "InvalidParameter", "Invalid message type: ", ("output", "usage"))
INVALID_PARAMETERS = invalid_parameter("Required parameter(s) missing or invalid, please check the request parameters.")
BODY_INVALID = invalid_parameter("Required body invalid, please check the request body format.")
BODY_TOO_LARGE = ApiError(413, "InvalidParameter", "Request body is too large.")
BODY_TIMEOUT = ApiError(408, "RequestTimeOut", "Request timed out, please try again later.")
ASYNC_NOT_SUPPORTED = ApiError(403, "AccessDenied", "Current user api does not support asynchronous calls.")
BUSY = ApiError(
    503,
    "ModelServingError",
    "Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.",
)
NOT_FOUND = ApiError(404, "NotFound", "Not found!")

ARREARAGE = ApiError(400, "Arrearage", "Access denied, please make sure your account is in good standing.")
FREE_TIER_ONLY = ApiError(
    403,
    "AllocationQuota.FreeTierOnly",
    "The free tier of the model has been exhausted. If you want to continue access the model on a paid basis, "
    'please disable the "use free tier only" mode in the management console.',
)
ALLOCATION_QUOTA = ApiError(
    429, "Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit."
)
RATE_QUOTA = ApiError(429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")

AUDIO_DECODER = ApiError(400, "Audio.DecoderError", "Decoder audio file failed.")
AUDIO_RATE = ApiError(400, "Audio.AudioRateError", "File sample rate unsupported.")
AUDIO_DURATION = ApiError(400, "Audio.DurationLimitError", "Audio duration exceeds maximum allowed limit.")
AUDIO_PREPROCESS = ApiError(400, "Audio.PreprocessError", "Audio preprocess error.")
AUDIO_NO_SEGMENTS = ApiError(400, "Audio.PreprocessError", "No segments meet minimum duration requirement")
AUDIO_SIZE = ApiError(400, "Audio.FileSizeExceed", "File too large")
# Reported text (qwen3-tts-instruct-flash with a dialect voice), not on the error page.
VOICE_NOT_SUPPORTED_HTTP = invalid_parameter("Voice is not supported")

INTERNAL = ApiError(
    500, "InternalError", "An internal error has occured, please try again later or contact service support."
)
