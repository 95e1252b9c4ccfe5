//! A server with scripted replies that records its requests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::Value as Json;

/// The reaction to a request.
#[derive(Clone)]
pub enum Reply {
    /// Sends a reply.
    Http { status: u16, headers: Vec<String>, body: Vec<u8> },
    /// Sends nothing and keeps the connection open.
    Hang,
    /// Closes the connection without a reply.
    Close,
}

impl Reply {
    pub fn json(status: u16, body: &Json) -> Self {
        Reply::http(status, &["content-type: application/json"], body.to_string())
    }

    pub fn http(status: u16, headers: &[&str], body: impl Into<Vec<u8>>) -> Self {
        Reply::Http { status, headers: headers.iter().map(|&header| header.to_owned()).collect(), body: body.into() }
    }

    /// Adds a header.
    pub fn with_header(mut self, header: impl Into<String>) -> Self {
        if let Reply::Http { headers, .. } = &mut self {
            headers.push(header.into());
        }
        self
    }
}

/// A received request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, path and version.
    pub line: String,
    /// The headers, with names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header_name, _)| header_name == name).map(|(_, value)| value.as_str())
    }

    pub fn json(&self) -> Json {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A server that listens on its own port until the test process ends.
pub struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server that sends these replies in order, and repeats the last one.
    pub fn start(replies: &[Reply]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let requests = Arc::default();
        let server = Server { port, requests: Arc::clone(&requests) };
        let replies = replies.to_vec();
        thread::spawn(move || serve(&listener, &replies, &requests));
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The only request.
    pub fn only_request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:?}");
        requests[0].clone()
    }
}

fn serve(listener: &TcpListener, replies: &[Reply], requests: &Mutex<Vec<Request>>) {
    let mut open_connections = Vec::new();
    for connection in listener.incoming() {
        let Ok(mut connection) = connection else { continue };
        let Some(request) = read(&connection) else { continue };
        let mut requests = requests.lock().unwrap();
        let reply = &replies[requests.len().min(replies.len() - 1)];
        requests.push(request);
        drop(requests);
        match reply {
            // The client may have closed the connection.
            Reply::Http { status, headers, body } => drop(write(&mut connection, *status, headers, body)),
            Reply::Hang => open_connections.push(connection),
            Reply::Close => {}
        }
    }
}

fn read(connection: &TcpStream) -> Option<Request> {
    let mut reader = BufReader::new(connection);
    let line = read_line(&mut reader)?;
    let mut headers = Vec::new();
    loop {
        let header = read_line(&mut reader)?;
        let Some((name, value)) = header.split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let mut requests = Request { line, headers, body: String::new() };
    let length = requests.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reader.take(length).read_to_string(&mut requests.body).ok()?;
    Some(requests)
}

fn read_line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let length = reader.read_line(&mut line).ok()?;
    (length > 0).then(|| line.trim_end().to_owned())
}

fn write(connection: &mut TcpStream, status: u16, headers: &[String], body: &[u8]) -> std::io::Result<()> {
    write!(connection, "HTTP/1.1 {status} So\r\ncontent-length: {}\r\nconnection: close\r\n", body.len())?;
    for header in headers {
        write!(connection, "{header}\r\n")?;
    }
    connection.write_all(b"\r\n")?;
    connection.write_all(body)
}
