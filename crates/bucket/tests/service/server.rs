//! An HTTP server that gives one prepared answer to each request.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

/// A request that has arrived.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) line: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
    }

    pub(crate) fn method(&self) -> &str {
        self.line.split(' ').next().unwrap()
    }
}

/// What the server does with a request.
pub(crate) enum Behaviour {
    /// Sends bytes, and closes the connection.
    Send(Vec<u8>),
    /// Sends bytes, then repeats others until the client closes the connection.
    SendEndlessly(Vec<u8>, Vec<u8>),
    /// Sends bytes, then waits until the client closes the connection.
    Stall(Vec<u8>),
}

pub(crate) struct Server {
    pub(crate) address: String,
    thread: JoinHandle<Vec<Received>>,
}

impl Server {
    /// Starts a server that ends after the last answer.
    pub(crate) fn start(behaviours: impl IntoIterator<Item = Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let mut behaviours: VecDeque<Behaviour> = behaviours.into_iter().collect();
        let thread = thread::spawn(move || {
            let mut requests = Vec::new();
            while let Some(behaviour) = behaviours.pop_front() {
                let (mut stream, _) = listener.accept().unwrap();
                match read_request(&stream) {
                    Some(request) => requests.push(request),
                    None => break,
                }
                // The client may close the connection at any time.
                let _ = answer(&mut stream, &behaviour);
            }
            requests
        });
        Server { address, thread }
    }

    /// The requests, after all answers were given.
    pub(crate) fn requests(self, expected: usize) -> Vec<Received> {
        let rest = TcpStream::connect(self.address.trim_start_matches("http://"));
        drop(rest);
        let requests = self.thread.join().unwrap();
        assert_eq!(requests.len(), expected, "{requests:?}");
        requests
    }
}

fn read_request(stream: &TcpStream) -> Option<Received> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).unwrap();
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Received { line: line.trim_end().to_owned(), headers, body: Vec::new() };
    let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
    request.body.resize(length, 0);
    reader.read_exact(&mut request.body).unwrap();
    Some(request)
}

fn answer(stream: &mut TcpStream, behaviour: &Behaviour) -> std::io::Result<()> {
    match behaviour {
        Behaviour::Send(bytes) => stream.write_all(bytes),
        Behaviour::Stall(bytes) => {
            stream.write_all(bytes)?;
            stream.read_to_end(&mut Vec::new()).map(|_| ())
        }
        Behaviour::SendEndlessly(head, rest) => {
            stream.write_all(head)?;
            loop {
                stream.write_all(rest)?;
            }
        }
    }
}

/// An answer with a status, headers that end with a line break, and a body.
pub(crate) fn reply(status: &str, headers: &str, body: &str) -> Behaviour {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len());
    Behaviour::Send((head + body).into_bytes())
}

/// An answer with the document of an error.
pub(crate) fn error(status: &str, code: &str, message: &str) -> Behaviour {
    let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>{message}</Message></Error>");
    reply(status, "", &body)
}

/// An answer to HEAD.
pub(crate) fn head(size: usize, digest: Option<&str>) -> Behaviour {
    let digest = digest.map_or_else(String::new, |digest| format!("x-amz-meta-tracing-failure-sha256: {digest}\r\n"));
    let text =
        format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {size}\r\nETag: \"e1\"\r\n{digest}\r\n");
    Behaviour::Send(text.into_bytes())
}

/// A connection that is closed without an answer.
pub(crate) fn hang_up() -> Behaviour {
    Behaviour::Send(Vec::new())
}
