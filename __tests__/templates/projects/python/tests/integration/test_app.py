from fastapi.testclient import TestClient

from app.main import app


def test_health_over_http() -> None:
    assert TestClient(app).get("/health").json() == {"status": "ok"}
