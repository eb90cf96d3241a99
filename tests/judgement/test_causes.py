"""What the service's own words and numbers mean; the table is from the vendor's error page and field notes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttsgate.judgement.causes import CAUSES, cause_of_error, cause_of_step


@pytest.mark.parametrize(
    ("status", "code", "message", "cause"),
    [
        (401, "InvalidApiKey", "Invalid API-key provided.", "key.invalid"),
        (401, "invalid_api_key", "Incorrect API key provided.", "key.invalid"),
        (
            401,
            "NOT AUTHORIZED",
            "Access denied: Either you are not authorized to access this workspace",
            "permission.workspace",
        ),
        (403, "AccessDenied", "Access denied.", "permission.denied"),
        (403, "Model.AccessDenied", "Model access denied.", "permission.model"),
        (403, "Workspace.AccessDenied", "Workspace access denied.", "permission.workspace"),
        (403, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.", "quota.free-tier"),
        (429, "AllocationQuota.FreeTierOnly", "The free tier of the model has been exhausted.", "quota.free-tier"),
        (404, "ModelNotFound", "Model can not be found.", "lifecycle.unknown"),
        (400, "InvalidParameter", "Model not exist.", "lifecycle.unknown"),
        (None, "invalid_value", "The requested voice 'xxx' is not supported.", "service.voice"),
        (None, "CLIENT_ERROR", "[qwen-tts:]Engine return error code: 411", "service.voice"),
        (400, "Arrearage", "Access denied, please make sure your account is in good standing.", "arrears"),
        (400, "DataInspectionFailed", "Input or output data may contain inappropriate content.", "service.content"),
        (429, "Throttling.RateQuota", "Requests rate limit exceeded, please try again later.", "quota.rate"),
        (429, "limit_requests", "", "quota.rate"),
        (429, "Throttling.AllocationQuota", "Allocated quota exceeded", "quota.allocated"),
        (429, "PostpaidBillOverdue", "", "arrears"),
        (500, "InternalError", "An internal error has occured", "service.error"),
        (500, "ModelServingError", "Too many requests.", "service.overloaded"),
        (503, None, None, "service.overloaded"),
        (401, None, None, "key.invalid"),
        (403, None, None, "permission.denied"),
        (407, None, None, "network.proxy"),
        (404, None, None, "service.nonsense"),
        (None, "InternalError", "occured", "service.error"),
    ],
)
def test_documented_errors(status: int | None, code: str | None, message: str | None, cause: str) -> None:
    """Each documented answer has its cause, by code before words before status."""
    assert cause == cause_of_error(code, message, status)


def test_a_page_instead_of_an_answer() -> None:
    """HTML in place of JSON is somebody on the way."""
    assert "network.portal" == cause_of_error(None, None, 200, "<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("step", "error_class", "cause"),
    [
        ("name", "gaierror", "network.name"),
        ("tcp", "ConnectionRefusedError", "network.refused"),
        ("tcp", "TimeoutError", "network.timeout"),
        ("tls", "SSLCertVerificationError", "network.tls"),
        ("tls", "ConnectionResetError", "network.tls"),
        ("session", "InvalidMessage", "service.nonsense"),
        ("session", "Whatever", "service.nonsense"),
        ("session", "TimeoutError", "service.hang"),
        ("models", "ClientPayloadError", "network.dropped"),
        ("models", "ServerDisconnectedError", "network.dropped"),
    ],
)
def test_steps(step: str, error_class: str, cause: str) -> None:
    """An exception on the way is told by its class and by where it happened."""
    assert cause == cause_of_step(step, error_class, status=None, code=None, message=None)


@pytest.mark.parametrize(
    ("status", "code", "message", "cause"),
    [
        (200, "InvalidApiKey", "Invalid API-key provided.", "key.invalid"),
        (200, None, "UnexpectedAnswer: HTTP 200: '<!DOCTYPE html><html>'", "network.portal"),
        (200, None, "UnexpectedAnswer: HTTP 200: '{}'", "service.nonsense"),
        (502, None, "HTTP 502: '<html><head><title>502 Bad Gateway'", "network.portal"),
        (500, "InternalError", "<html>is only quoted</html>", "service.error"),
    ],
)
def test_answers_of_steps(status: int, code: str | None, message: str, cause: str) -> None:
    """The service's own code counts whatever the status; a page without one is somebody else's."""
    assert cause == cause_of_step("models", "UnexpectedAnswer", status=status, code=code, message=message)


def test_an_error_in_place_of_a_session() -> None:
    """An error event at the door is read like any other."""
    found = cause_of_step("session", "ErrorEvent", status=None, code="Arrearage", message="overdue")

    assert "arrears" == found


@given(
    st.text(max_size=40) | st.none(),
    st.text(max_size=80) | st.none(),
    st.integers(0, 999) | st.none(),
    st.text(max_size=40),
)
def test_every_answer_has_a_known_cause(code: str | None, message: str | None, status: int | None, body: str) -> None:
    """Whatever a service says, the cause is one of the table."""
    assert cause_of_error(code, message, status, body) in CAUSES
