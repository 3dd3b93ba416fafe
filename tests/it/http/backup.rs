//! A backup of a running server, over HTTP.

use serde_json::{Value, json};

use crate::support::server::{Answer, TestServer};

const JSON: &str = "Content-Type: application/json";

fn backup(server: &TestServer, body: &Value) -> Answer {
    server.request("POST", "/v1/admin/backup", &[JSON], body.to_string().as_bytes())
}

#[test]
fn a_running_server_copies_its_catalogs() {
    let server = TestServer::with("catalogs.other.language = \"english\"");
    let sequence = server.upload("{\"id\":\"1\",\"title\":\"Kettle\"}\n").json()["sequence"].clone();
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new/backup");
    let answer = backup(&server, &json!({"dir": dir}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let catalogs = json!([{"name": "other", "sequence": 1}, {"name": "shop", "sequence": sequence}]);
    assert_eq!(answer.json(), json!({"dir": dir, "catalogs": catalogs}));
    assert!(dir.join("backup.json").is_file());
    assert_eq!(server.upload("{\"id\":\"2\",\"title\":\"Pot\"}\n").status, 202);
    let again = backup(&server, &json!({"dir": dir}));
    assert_eq!(again.error(), (400, "invalid_parameter".into()));
    assert!(again.text().contains("exists already"), "{}", again.text());
}

#[test]
fn each_bad_request_says_what_is_wrong() {
    let server = TestServer::start();
    let file = tempfile::NamedTempFile::new().unwrap();
    for (body, part) in [
        (json!({"dir": "backup"}), "expected an absolute path"),
        (json!({"dri": "/tmp/x"}), "unknown field `dri`"),
        (json!({}), "missing field `dir`"),
        (json!([]), "the body"),
        (json!({"dir": file.path().join("below")}), "cannot be made"),
    ] {
        let answer = backup(&server, &body);
        assert_eq!(answer.error(), (400, "invalid_parameter".into()), "{body}: {}", answer.text());
        assert_eq!(answer.json()["error"]["parameter"], "dir", "{body}");
        assert!(answer.text().contains(part), "{body}: {}", answer.text());
    }
    assert_eq!(server.request("POST", "/v1/admin/backup", &[], b"{}").error(), (415, "unsupported_media_type".into()));
    assert_eq!(server.request("POST", "/v1/admin/backup?x=1", &[JSON], b"{}").error().0, 400);
}
