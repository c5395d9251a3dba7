"""Orders, market data and listings by FIX, as docs/fix.md has them."""
from desk import FixServer, Session, check, now, text

server = FixServer().start()
session = Session(server.fix_port, server.key("anne"))
check("a Logon is answered", text(session.connect(), 35) == "A")

session.order("one", 1, 10, (40, 2), (44, 90), (59, 1))
check("an order is pending first", text(session.report("A", _11="one"), 39) == "A")
new = session.report("0", _11="one")
check("and then new, with all of it open", (text(new, 151), text(new, 14)) == ("10", "0"))
session.send("G", [(11, "two"), (41, "one"), (55, "ACME"), (54, 1), (38, 8), (40, 2), (44, 89), (60, now())])
replaced = session.report("5", _11="two", _41="one")
check("a replace has the new terms", (text(replaced, 151), text(replaced, 44)) == ("8", "89"))
session.send("AF", [(584, "all"), (585, 7)])
check("all open orders are told", text(session.report("I", _584="all"), 912) == "Y")
session.send("F", [(11, "three"), (41, "two"), (55, "ACME"), (54, 1), (60, now())])
check("a cancel leaves nothing", text(session.report("4", _11="three", _41="two"), 151) == "0")
session.send("F", [(11, "four"), (41, "three"), (55, "ACME"), (54, 1), (60, now())])
check("what is over cannot be canceled", text(session.of_kind("9"), 102) == "0")

session.order("five", 1, 20, (40, 1), (59, 3))
traded, cost = 0, 0.0
while True:
    fill = session.report("F", _11="five")
    traded += int(text(fill, 32))
    cost += int(text(fill, 32)) * float(text(fill, 31))
    assert int(text(fill, 14)) == traded and int(text(fill, 151)) == 20 - traded, fill
    assert abs(float(text(fill, 6)) - cost / traded) < 1e-6, fill
    if text(fill, 39) == "2":
        break
check("quantities and the average price add up fill by fill", traded == 20)
session.order("five", 1, 20, (40, 1), (59, 3), (97, "Y"))
check("the same order again is told, not entered", text(session.report("I", _11="five"), 39) == "2")
session.order("five", 1, 21, (40, 1), (59, 3))
check("another order of that name is rejected", text(session.report("8", _11="five"), 103) == "6")
session.order("six", 1, 5, (40, 2), (44, "0.001"))
check("a price off the tick is rejected in words", "tick size" in text(session.report("8", _11="six"), 58))
session.send("D", [(11, "seven"), (55, "ACME"), (38, 1), (40, 1), (60, now())])
reject = session.of_kind("3")
check("a missing tag is rejected", (text(reject, 371), text(reject, 373)) == ("54", "1"))

session.send("x", [(320, "list"), (559, 4)])
listed = session.of_kind("y")
check("lots and ticks are listed", (text(listed, 55), text(listed, 561), text(listed, 969)) == ("ACME", "1", "0.01"))
session.send("V", [(262, "md"), (263, 1), (264, 5), (265, 1), (267, 3), (269, 0), (269, 1), (269, 2), (146, 1), (55, "ACME")])
check("market data begins with a snapshot", text(session.of_kind("W"), 262) == "md")
check("and goes on with what changes", text(session.of_kind("X"), 262) == "md")
session.send("V", [(262, "md"), (263, 2), (264, 5), (267, 1), (269, 0), (146, 1), (55, "ACME")])
session.send("V", [(262, "no"), (263, 0), (264, 1), (267, 1), (269, 0), (146, 1), (55, "NONE")])
check("a listing that is not there is said", text(session.of_kind("Y"), 281) == "0")
session.send("e", [(324, "st"), (55, "ACME"), (263, 0)])
check("trading goes on", text(session.of_kind("f"), 326) == "17")
session.send("5", [])
session.of_kind("5")
check("a Logout is answered, and the connection ends", session.is_closed())
server.stop()
