"""Numbers, gaps, messages that come twice or broken, and a server that is killed."""
import re

from desk import FixServer, Session, check, now, text

server = FixServer().start()
key = server.key("anne")
session = Session(server.fix_port, key)
session.connect(_8013="N")

# A gap: two numbers are used for nothing.
session.next_out += 2
session.order("one", 1, 10, (40, 2), (44, 90), (59, 1))
ask = session.of_kind("2")
check("what is missing is asked for", text(ask, 7) == "2")
new = session.report("0", _11="one")
check("and the order that came early is entered once", text(new, 39) == "0")

# Twice, and said to be so.
session.socket.sendall(session.message("D", 4, session.sent[4][1], again=True))
session.send("1", [(112, "twice")])
check("what comes again is passed over", text(session.of_kind("0"), 112) == "twice")

# A wrong checksum, and a wrong length.
whole = session.message("1", session.next_out, [(112, "broken")])
session.socket.sendall(re.sub(rb"10=(\d\d)\d\x01$", lambda it: b"10=" + it[1] + b"x\x01", whole))
session.socket.sendall(re.sub(rb"\x019=(\d+)\x01", lambda it: b"\x019=" + str(int(it[1]) - 1).encode() + b"\x01", whole))
session.send("1", [(112, "whole")])
check("garbled messages are passed over, and count for nothing", text(session.of_kind("0"), 112) == "whole")

session.send("2", [(7, 1), (16, 0)])
again, fills = [], 0
while True:
    message = session.receive()
    if message.get(43) != b"Y":
        session.next_in = int(message.get(34)) + 1
        continue
    if message.get(35) == b"4":
        fills += 1
        if int(message.get(36)) >= session.next_in:
            break
    else:
        again.append(text(message, 150))
        if int(message.get(34)) == session.next_in - 1:
            break
check("reports are sent again, all else is a gap", again == ["A", "0"] and fills > 0)

server.kill()
order, before = text(new, 37), session.next_in
server.start()
answer = session.connect(_8013="N")
check("after a kill the numbers go on", text(answer, 35) == "A" and int(text(answer, 34)) == before)
session.send("H", [(11, "one"), (55, "ACME"), (54, 1)])
check("and the order is there", text(session.report("I", _11="one"), 37) == order)
session.send("F", [(11, "two"), (41, "one"), (55, "ACME"), (54, 1), (60, now())])
check("and can be canceled", text(session.report("4", _11="two"), 41) == "one")

other = Session(server.fix_port, key)
check("a second connection is refused", "already" in text(other.connect(), 58))
session.socket.sendall(session.message("1", 1, [(112, "low")]))
check("a number too low ends the session", "too low" in text(session.of_kind("5"), 58) and session.is_closed())
answer = session.connect(_141="N")
check("which goes on at the next logon", text(answer, 35) == "A")
session.send("5", [])
session.of_kind("5")
session.next_in = session.next_out = 1
check("both sides can count from one again", text(session.connect(_141="Y"), 34) == "1")
server.stop()
check("a server that stops says so", "stops" in text(session.of_kind("5"), 58))
