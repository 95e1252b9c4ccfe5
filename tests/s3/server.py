"""An S3 service in memory with the bucket `lab`, the key `test` and the secret `test`. It prints its address."""

import argparse
import threading
import urllib.parse
import urllib.request

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server


class OneAtATime:
    """S3 checks a condition and writes in one step. moto does so only if its requests do not overlap."""

    def __init__(self, application):
        self.application = application
        self.lock = threading.Lock()

    def __call__(self, environment, start_response):
        with self.lock:
            # An iterator would do its work after the lock.
            return [b"".join(self.application(environment, start_response))]


class Signatures:
    """moto accepts all signatures. This checks those of signed addresses with the library of AWS."""

    def __init__(self, application):
        self.application = application

    def __call__(self, environment, start_response):
        query = environment.get("QUERY_STRING", "")
        rest, separator, signature = query.rpartition("&X-Amz-Signature=")
        if separator and signature != self.signature(environment, rest):
            body = b"<Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message></Error>"
            start_response("403 Forbidden", [("Content-Length", str(len(body)))])
            return [body]
        return self.application(environment, start_response)

    @staticmethod
    def signature(environment, query):
        values = urllib.parse.parse_qs(query)
        key, _, region, service, _ = values["X-Amz-Credential"][0].split("/")
        token = values.get("X-Amz-Security-Token", [None])[0]
        names = [name for name in values["X-Amz-SignedHeaders"][0].split(";") if name != "host"]
        headers = {name: environment["HTTP_" + name.upper().replace("-", "_")] for name in names}
        url = f"http://{environment['HTTP_HOST']}{environment['RAW_URI'].partition('?')[0]}?{query}"
        request = AWSRequest(environment["REQUEST_METHOD"], url, headers)
        request.context["timestamp"] = values["X-Amz-Date"][0]
        auth = S3SigV4QueryAuth(Credentials(key, "test", token), service, region)
        return auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)


class Quiet(MotoRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, *_):
        pass


parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=0, help="0 selects a free port")
port = parser.parse_args().port
application = Signatures(OneAtATime(DomainDispatcherApplication(create_backend_app)))
server = make_server("127.0.0.1", port, application, threaded=True, request_handler=Quiet)
threading.Thread(target=server.serve_forever).start()
address = f"http://127.0.0.1:{server.port}"
urllib.request.urlopen(urllib.request.Request(f"{address}/lab", method="PUT"))
print(address, flush=True)
