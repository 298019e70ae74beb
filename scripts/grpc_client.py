"""Talks to a running server through reflection alone, as a client that was written elsewhere would: no generated code.

    grpc_client.py HOST:PORT POLICY

Prints a line for each thing that it saw, and fails where something is not as the proto files say.
"""

import sys

import grpc
from google.protobuf import message_factory
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

LEASES = "lessor.lease.v1.LeaseService"
MARKET = "lessor.market.v1.Market"


class Client:
    """Calls by name, with messages made from descriptors that the server gave."""

    def __init__(self, channel, name):
        database = ProtoReflectionDescriptorDatabase(channel)
        assert name in database.get_services(), database.get_services()
        self.channel = channel
        self.service = DescriptorPool(database).FindServiceByName(name)

    def call(self, method, stream=None, **fields):
        described = self.service.methods_by_name[method]
        request = message_factory.GetMessageClass(described.input_type)
        response = message_factory.GetMessageClass(described.output_type)
        kind = ("stream" if described.client_streaming else "unary") + "_" + (
            "stream" if described.server_streaming else "unary")
        invoke = getattr(self.channel, kind)(
            f"/{self.service.full_name}/{method}", request_serializer=request.SerializeToString, response_deserializer=response.FromString)
        message = request(**fields) if stream is None else iter([request(**one) for one in stream])
        return invoke(message, timeout=10)


def main():
    channel = grpc.insecure_channel(sys.argv[1])
    lease(Client(channel, LEASES))
    with open(sys.argv[2], encoding="utf-8") as policy:
        clear(Client(channel, MARKET), policy.read())


def clear(client, policy):
    def bid(at, **other):
        row = {
            "bid": f"b{at}", "bidder": f"h{at}", "service_class": "SERVICE_CLASS_D", "amount_micro_credits": 900_000_000 + at,
            "account": {"zone": "link-000", "kind": "KIND_BANDWIDTH"}, "quantity": 1_000_000,
            "start_time": {"seconds": 1_800_000_000}, "end_time": {"seconds": 1_800_003_600},
        }
        return {**row, **other}

    first = {"round": {"policy": policy}, "bids": [bid(0)]}
    told = list(client.call("ClearBook", stream=[first, {"bids": [bid(1), bid(2)]}]))
    awards = [award for part in told for award in part.awards]
    assert [award.bid for award in awards] == ["b0", "b1", "b2"], told
    outcome = told[-1].outcome
    proof = outcome.certificate
    assert outcome.winner_count == 3 and proof.surplus_micro_credits == proof.bound_micro_credits, outcome
    paid = sum(award.payment_micro_credits for award in awards)
    assert paid == outcome.revenue_micro_credits, outcome
    print(f"cleared a book: {outcome.winner_count} won, and pay {paid} micro-credits")
    try:
        list(client.call("ClearBook", stream=[first, {"bids": [bid(1, quantity=0)]}]))
        raise AssertionError("nothing was bid for, and it was cleared")
    except grpc.RpcError as error:
        assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
        assert "row 1, column quantity" in error.details(), error
        print(f"a bid for nothing: {error.code().name}, {error.details()}")


def lease(client):
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
