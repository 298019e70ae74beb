"""Talks to a running server through reflection alone, as a client that was written elsewhere would: no generated code.

    grpc_client.py HOST:PORT

Prints a line for each thing that it saw, and fails where something is not as the proto files say.
"""

import sys

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "lessor.lease.v1.LeaseService"


class Client:
    """Calls by name, with messages made from descriptors that the server gave."""

    def __init__(self, channel):
        database = ProtoReflectionDescriptorDatabase(channel)
        assert SERVICE in database.get_services(), database.get_services()
        self.channel = channel
        self.service = DescriptorPool(database).FindServiceByName(SERVICE)

    def call(self, method, stream=None, **fields):
        described = self.service.methods_by_name[method]
        request = message_factory.GetMessageClass(described.input_type)
        response = message_factory.GetMessageClass(described.output_type)
        kind = ("stream" if described.client_streaming else "unary") + "_" + (
            "stream" if described.server_streaming else "unary")
        invoke = getattr(self.channel, kind)(
            f"/{SERVICE}/{method}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
        message = request(**fields) if stream is None else iter([request(**one) for one in stream])
        return invoke(message, timeout=10)


def main():
    channel = grpc.insecure_channel(sys.argv[1])
    client = Client(channel)
    spec = {"resources": {"memory_bytes": 1 << 20}, "term": {"seconds": 600}}

    quoted = client.call("Quote", spec=spec)
    assert len(quoted.nodes) == 1, quoted
    granted = client.call("RequestLease", holder="python", request_id="p1", spec=spec)
    lease = granted.leases[0]
    again = client.call("RequestLease", holder="python", request_id="p1", spec=spec)
    assert again.leases[0] == lease, "a repeat gets the first answer"
    print(f"granted {lease.name} on {lease.node}, token {lease.token}")

    end = {"seconds": lease.end_time.seconds + 60, "nanos": lease.end_time.nanos}
    renewed = client.call("Renew", name=lease.name, holder="python", version=1, end_time=end)
    assert renewed.lease.version == 2, renewed
    listed = client.call("ListLeases", holder="python")
    assert [one.name for one in listed.leases] == [lease.name], listed
    answers = list(client.call("Session", stream=[{"tag": 7, "release": {"name": lease.name, "holder": "python"}}]))
    assert answers[0].tag == 7 and answers[0].release.lease.name == lease.name, answers
    print("renewed, listed, and released over a session")

    watch = client.call("Watch", after={"incarnation": listed.revision.incarnation, "number": listed.revision.number})
    changed = next(one.changed for one in watch if one.HasField("changed"))
    watch.cancel()
    assert changed.name == lease.name, changed
    print("watched the release")

    try:
        client.call("Renew", name=lease.name, holder="python", version=1, end_time=end)
        raise AssertionError("a released lease was renewed")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.FAILED_PRECONDITION, error
        print(f"a renewal after the release: {error.code().name}, {error.details()}")


main()
