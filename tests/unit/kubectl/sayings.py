"""What kubectl has printed when it failed, and what it means."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from kubectl_job_operator.errors import ErrorKind, KubectlError
from kubectl_job_operator.kubectl.stderr import explain
from tests.unit.recordings import FIXTURES

KINDS = {
    "Forbidden, get": ErrorKind.FORBIDDEN,
    "Forbidden, apply": ErrorKind.FORBIDDEN,
    "Forbidden, wait": ErrorKind.FORBIDDEN,
    "Forbidden, logs": ErrorKind.FORBIDDEN,
    "Forbidden, delete": ErrorKind.FORBIDDEN,
    "Unauthorized (token expired or wrong)": ErrorKind.UNAUTHORIZED,
    "Connection refused": ErrorKind.UNREACHABLE,
    "Host name unknown": ErrorKind.UNREACHABLE,
    "Certificate not trusted": ErrorKind.CERTIFICATE,
    "Context not in the kubeconfig": ErrorKind.CONFIGURATION,
    "Kubeconfig missing": ErrorKind.CONFIGURATION,
    "No configuration at all": ErrorKind.UNREACHABLE,
    "Namespace missing, apply": ErrorKind.NAMESPACE_NOT_FOUND,
    "Job missing, get": ErrorKind.NOT_FOUND,
    "Job missing, wait": ErrorKind.NOT_FOUND,
    "Wait timed out": ErrorKind.CONDITION_TIMED_OUT,
    "Pod template immutable": ErrorKind.IMMUTABLE,
    "Invalid value": ErrorKind.INVALID,
    "Unknown field": ErrorKind.INVALID,
    "generateName": ErrorKind.INVALID,
    "Kind unknown to the server": ErrorKind.UNKNOWN_RESOURCE,
    "Broken YAML": ErrorKind.INVALID,
    "File missing": ErrorKind.OTHER,
    "Namespace of -n and of the manifest differ": ErrorKind.NAMESPACE_MISMATCH,
    "Logs: container waiting": ErrorKind.CONTAINER_WAITING,
    "Logs: pod missing": ErrorKind.NOT_FOUND,
    "Logs: container name wrong": ErrorKind.OTHER,
    "Field manager conflict": ErrorKind.CONFLICT,
    "Credential plugin fails": ErrorKind.CREDENTIALS,
    "Credential plugin fails while the schema is read": ErrorKind.CREDENTIALS,
    "Credential plugin prints nothing": ErrorKind.CREDENTIALS,
    "Credential plugin prints no JSON": ErrorKind.CREDENTIALS,
    "Credential plugin gives no token": ErrorKind.CREDENTIALS,
    "Credential plugin is not there": ErrorKind.CONFIGURATION,
    "Credential plugin may not be executed": ErrorKind.CONFIGURATION,
    "Credential plugin speaks another version": ErrorKind.CONFIGURATION,
    "Credential plugin speaks a version that is gone": ErrorKind.CONFIGURATION,
    "Credential plugin's version unknown to kubectl": ErrorKind.CONFIGURATION,
    "Credential plugin wants a terminal": ErrorKind.CONFIGURATION,
    "Proxy refuses": ErrorKind.PROXY,
    "Proxy wants a password": ErrorKind.PROXY,
    "Proxy does not reach the cluster": ErrorKind.UNREACHABLE,
    "Webhook denies, Forbidden": ErrorKind.ADMISSION,
    "Webhook denies, without a reason": ErrorKind.ADMISSION,
    "Webhook denies with a reason of its own": ErrorKind.ADMISSION,
    "Webhook denies without a word": ErrorKind.ADMISSION,
    "Kyverno denies": ErrorKind.ADMISSION,
    "Gatekeeper denies": ErrorKind.ADMISSION,
    "Policy denies, Invalid": ErrorKind.ADMISSION,
    "Policy denies, Forbidden": ErrorKind.ADMISSION,
    "Pod Security denies": ErrorKind.ADMISSION,
    "LimitRange denies": ErrorKind.ADMISSION,
    "Quota of Jobs is used up": ErrorKind.QUOTA,
    "Quota is not counted yet": ErrorKind.SERVER_BUSY,
    "Server has just started, admission": ErrorKind.SERVER_BUSY,
    "Server has just started, rights": ErrorKind.FORBIDDEN,
    "Namespace is being deleted": ErrorKind.NAMESPACE_NOT_FOUND,
    "ServiceAccount missing": ErrorKind.NOT_FOUND,
    "Too large for etcd": ErrorKind.TOO_LARGE,
    "Too large for the API server": ErrorKind.TOO_LARGE,
    "Too large for the line to etcd": ErrorKind.TOO_LARGE,
    "ConfigMap too large": ErrorKind.TOO_LARGE,
    "UID of another object": ErrorKind.CONFLICT,
    "A warning before a denial": ErrorKind.ADMISSION,
    "Something before the server refuses": ErrorKind.FORBIDDEN,
    "Something before the server is in trouble": ErrorKind.SERVER_BUSY,
    "Something before the server wants credentials": ErrorKind.UNAUTHORIZED,
}

NO_SCHEMA = 'error: error validating "f.yaml": error validating data: failed to download openapi: '
NOT_ASKED = "; if you choose to ignore these errors, turn validation off with --validate=false"
NO_KUBELET = 'Error from server: Get "https://192.0.2.1:10250/containerLogs/here/x/main?follow=true": '
NOT_IN_THE_RECORDINGS = {
    "Error from server (NotFound): the server could not find the requested resource ( pods/log load-kd4x6)": (
        ErrorKind.SERVER_BUSY
    ),
    "Error from server (NotFound): the server could not find the requested resource": ErrorKind.NOT_FOUND,
    "Error from server: etcdserver: request timed out": ErrorKind.SERVER_BUSY,
    "Error from server: etcdserver: leader changed": ErrorKind.SERVER_BUSY,
    "Error from server (TooManyRequests): the server has received too many requests and has asked us to try again "
    "later": ErrorKind.SERVER_BUSY,
    "Error from server (InternalError): an error on the server was encountered": ErrorKind.SERVER_BUSY,
    'Error from server (InternalError): Internal error occurred: failed calling webhook "check.example.com": failed to '
    'call webhook: Post "https://check.default.svc:443/?timeout=10s": context deadline exceeded': ErrorKind.SERVER_BUSY,
    "Error from server (ServiceUnavailable): apiserver is shutting down": ErrorKind.SERVER_BUSY,
    "Error from server (Timeout): Timeout: request did not complete within requested timeout - context deadline "
    "exceeded": ErrorKind.SERVER_BUSY,
    "Error from server (ServerTimeout): the server cannot complete the requested operation at this time, try again "
    "later (get jobs.batch)": ErrorKind.SERVER_BUSY,
    "error: the server is currently unable to handle the request": ErrorKind.SERVER_BUSY,
    "Unable to connect to the server: net/http: TLS handshake timeout": ErrorKind.UNREACHABLE,
    "Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout": ErrorKind.UNREACHABLE,
    "Unable to connect to the server: EOF": ErrorKind.UNREACHABLE,
    "error: read tcp 127.0.0.1:40000->127.0.0.1:6443: read: connection reset by peer": ErrorKind.UNREACHABLE,
    'Get "https://127.0.0.1:6443/api": dial tcp 127.0.0.1:6443: connect: connection refused': ErrorKind.UNREACHABLE,
    "error: unexpected EOF": ErrorKind.UNREACHABLE,
    'error: error validating "f.yaml": error validating data: failed to download openapi: Get '
    '"https://127.0.0.1:6443/openapi/v2?timeout=32s": dial tcp 127.0.0.1:6443: connect: connection refused; if you '
    "choose to ignore these errors, turn validation off with --validate=false": ErrorKind.UNREACHABLE,
    'error: error validating "f.yaml": error validating data: unknown object type "nil"': ErrorKind.INVALID,
    'The Job "x" is invalid: spec.template: Invalid value: {"Command":["echo","connection refused"]}: field is '
    "immutable": ErrorKind.IMMUTABLE,
    'The Job "x" is invalid: spec.template.spec.containers[0].name: Invalid value: "connection refused"': (
        ErrorKind.INVALID
    ),
    "error: EOF": ErrorKind.CONFIGURATION,
    'error: http2: server sent GOAWAY and closed the connection; LastStreamID=1, ErrCode=NO_ERROR, debug=""': (
        ErrorKind.UNREACHABLE
    ),
    "error: stream error: stream ID 1; INTERNAL_ERROR; received from peer": ErrorKind.UNREACHABLE,
    "error: stream error when reading response body, may be caused by closed connection. Please retry. Original error: "
    "stream error: stream ID 5; INTERNAL_ERROR": ErrorKind.UNREACHABLE,
    "error: unexpected error when reading response body. Please retry. Original error: read tcp "
    "192.0.2.2:40000->192.0.2.1:6443: read: connection timed out": ErrorKind.UNREACHABLE,
    "error: read tcp 192.0.2.2:40000->192.0.2.1:6443: read: connection timed out": ErrorKind.UNREACHABLE,
    "Error from server: rpc error: code = Unavailable desc = transport is closing": ErrorKind.SERVER_BUSY,
    "Error from server: rpc error: code = DeadlineExceeded desc = latest balancer error: connection refused": (
        ErrorKind.SERVER_BUSY
    ),
    "Error from server: rpc error: code = InvalidArgument desc = no": ErrorKind.OTHER,
    f"{NO_KUBELET}remote error: tls: internal error": ErrorKind.SERVER_BUSY,
    f"{NO_KUBELET}remote error: tls: bad certificate": ErrorKind.OTHER,
    f"{NO_KUBELET}proxy error from 127.0.0.1:6443 while dialing 192.0.2.1:10250, code 502: 502 Bad Gateway": (
        ErrorKind.SERVER_BUSY
    ),
    f"{NO_KUBELET}No agent available": ErrorKind.SERVER_BUSY,
    f"{NO_KUBELET}dial timeout, backstop": ErrorKind.SERVER_BUSY,
    "Error from server: error dialing backend: remote error: tls: internal error": ErrorKind.SERVER_BUSY,
    "Error from server: error dialing backend: dial tcp 192.0.2.1:10250: connect: connection refused": (
        ErrorKind.SERVER_BUSY
    ),
    'Error from server (Forbidden): pods "x" is forbidden: exceeded quota: few, requested: pods=1': ErrorKind.QUOTA,
    'Error from server (Forbidden): error when creating "f.yaml": jobs.batch is forbidden: User "u" cannot create '
    'resource "jobs" in API group "batch" in the namespace "here"': ErrorKind.FORBIDDEN,
    'error: unable to recognize "f.yaml": forbidden: User "u" cannot get path "/api"': ErrorKind.FORBIDDEN,
    "Unable to connect to the server: getting credentials: exec: exit status 255": ErrorKind.CREDENTIALS,
    "Unable to connect to the server: getting credentials: exec: fork/exec /usr/bin/aws: resource temporarily "
    "unavailable": ErrorKind.CREDENTIALS,
    f'{NO_SCHEMA}Get "https://127.0.0.1:6443/openapi/v2?timeout=32s": getting credentials: exec: executable aws failed '
    f"with exit code 255{NOT_ASKED}": ErrorKind.CREDENTIALS,
    f'{NO_SCHEMA}Get "https://127.0.0.1:6443/openapi/v2?timeout=32s": getting credentials: exec: executable aws not '
    f"found{NOT_ASKED}": ErrorKind.CONFIGURATION,
    f"{NO_SCHEMA}the server has asked for the client to provide credentials{NOT_ASKED}": ErrorKind.UNAUTHORIZED,
    f"{NO_SCHEMA}unknown{NOT_ASKED}": ErrorKind.FORBIDDEN,
    'error: unable to recognize "f.yaml": unknown': ErrorKind.FORBIDDEN,
    f'{NO_SCHEMA}forbidden: User "u" cannot get path "/openapi/v2"{NOT_ASKED}': ErrorKind.FORBIDDEN,
    f'{NO_SCHEMA}Get "https://127.0.0.1:6443/openapi/v2?timeout=32s": Forbidden{NOT_ASKED}': ErrorKind.PROXY,
    f'{NO_SCHEMA}Get "https://127.0.0.1:6443/openapi/v2?timeout=32s": EOF{NOT_ASKED}': ErrorKind.UNREACHABLE,
    f"{NO_SCHEMA}etcdserver: leader changed{NOT_ASKED}": ErrorKind.SERVER_BUSY,
    'error: no Auth Provider found for name "gcp"': ErrorKind.CONFIGURATION,
    'Error from server: error when creating "f.yaml": admission webhook "x" denied the request: Unable to connect to '
    "the server: i/o timeout": ErrorKind.ADMISSION,
    'Error from server (TooManyRequests): admission webhook "x" denied the request: later': ErrorKind.ADMISSION,
    "error: current-context must exist in order to minify": ErrorKind.CONFIGURATION,
    'error: context "nope" does not exist': ErrorKind.CONFIGURATION,
    "error: context was not found for specified context: nope": ErrorKind.CONFIGURATION,
    'Error from server (BadRequest): Job in version "v1" cannot be handled as a Job: strict decoding error: unknown '
    'field "spec.tmplate"': ErrorKind.INVALID,
    'Error from server (BadRequest): container "main" in pod "x" is waiting to start: ContainerCreating': (
        ErrorKind.CONTAINER_WAITING
    ),
    "something that nobody has ever seen": ErrorKind.OTHER,
    "": ErrorKind.OTHER,
}


@dataclass(frozen=True)
class Recorded:
    """One block of the recordings."""

    command: str
    stderr: str
    return_code: int

    def explain(self) -> KubectlError:
        """Give the block to the code under test."""
        return explain(shlex.split(self.command), self.return_code, self.stderr)


def _recorded() -> dict[str, Recorded]:
    text = (FIXTURES / "kubectl-stderr.md").read_text()
    blocks = re.finditer(
        r"^## (?P<heading>.+)\n```\n\$ (?P<command>.+)\n(?P<stderr>(?s:.*?))return code (\d+)\n```$", text, re.MULTILINE
    )
    return {block["heading"]: Recorded(block["command"], block["stderr"], int(block[4])) for block in blocks}


RECORDED = _recorded()
