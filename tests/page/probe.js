// Moves a pointer over a report in a browser, and writes what is wrong into the element `probe`.
// .ci/page puts it behind the page's own script.
(() => {
  const faults = [];
  let checks = 0;
  const check = (holds, what) => {
    checks += 1;
    if (!holds) faults.push(what);
  };
  const tip = document.querySelector(".tip");
  const number = (text) => Number(text.replace(/,/g, "").replace("−", "-"));
  const millis = (text) => Date.parse(text.length > 10 ? text.replace(" ", "T") + "Z" : text);

  const figure = (svg, name) => {
    const data = JSON.parse((svg.dataset.values ? svg : svg.closest("figure").querySelector("[data-values]")).dataset.values);
    const [left, right] = svg.dataset.plot.split(" ").map(Number);
    const width = Number(svg.getAttribute("viewBox").split(" ")[2]);
    const box = svg.getBoundingClientRect();
    // A share of the plot's width, as a pointer has it.
    const at = (share) => ({
      clientX: box.left + ((left + share * (right - left)) / width) * box.width,
      clientY: box.top + box.height / 2,
      pointerType: "mouse", button: 0, bubbles: true,
    });
    const send = (kind, share) => svg.dispatchEvent(new PointerEvent(kind, at(share)));
    const instant = (share) => data.t[0] + share * (data.t[1] - data.t[0]);
    const shown = () => millis(tip.querySelector("b").textContent);
    const tolerance = (data.t[1] - data.t[0]) * 0.02 + (data.day ? 864e5 : 1e3);
    // Whether a line has a value near there: some begin late, or have gaps.
    const has = (share) => data.l.some((line) => line.p.some((it, index) =>
      index % 2 === 0 && line.p[index + 1] !== null && Math.abs(it - share * 1e6) < 1e4));

    check(tip.hidden, `${name}: a tip before the pointer is there`);
    let before = -Infinity;
    for (const share of [0.02, 0.25, 0.5, 0.75, 0.98]) {
      send("pointermove", share);
      check(!tip.hidden, `${name}: no tip at ${share}`);
      if (tip.hidden) return;
      check(!has(share) || Math.abs(shown() - instant(share)) <= tolerance, `${name}: ${tip.textContent} at ${share}`);
      check(shown() >= before, `${name}: time goes back at ${share}`);
      before = shown();
      const rows = [...tip.querySelectorAll("div")].map((row) => row.textContent);
      check(!has(share) || rows.length > 0, `${name}: no values at ${share}`);
      for (const line of data.l) {
        const row = rows.find((row) => (line.n ? row.startsWith(line.n + ": ") : true));
        if (!row) continue;
        const value = number(line.n ? row.slice(line.n.length + 2) : row);
        // The value is one that the line has somewhere near: a step may have begun long ago.
        const all = line.p.filter((it, index) => index % 2 === 1 && it !== null);
        const near = all.some((it) => Math.abs(it - value) <= Math.abs(it) * 1e-4 + 0.005);
        check(near, `${name}: ${row} at ${share} is no value of its line`);
      }
    }
    const drawn = svg.querySelectorAll("polyline, path, line, text").length;
    send("pointerleave", 0.98);
    check(tip.hidden, `${name}: the tip stays behind`);

    const parts = svg.childNodes.length;
    send("pointerdown", 0.3);
    send("pointermove", 0.5);
    send("pointerup", 0.6);
    check(svg.childNodes.length === parts + 1, `${name}: nothing is enlarged`);
    send("pointermove", 0.5);
    check(!has(0.45) || Math.abs(shown() - instant(0.45)) <= tolerance, `${name}: enlarged, ${tip.textContent} is no middle`);
    send("pointerleave", 0.5);
    svg.dispatchEvent(new MouseEvent("dblclick", at(0.5)));
    check(svg.childNodes.length === parts, `${name}: a double click does not show the whole again`);
    send("pointermove", 0.98);
    check(svg.querySelectorAll("polyline, path, line, text").length === drawn, `${name}: not all is as before`);
    send("pointerleave", 0.98);
  };

  const paged = (table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length <= 25) return 0;
    const visible = () => rows.filter((row) => !row.hidden).map((row) => rows.indexOf(row));
    const bar = table.parentElement.previousElementSibling;
    const [earlier, later] = bar.querySelectorAll("button");
    check(visible().join() === [...Array(25).keys()].join(), `page one has rows ${visible()}`);
    later.click();
    check(visible()[0] === 25, `page two begins with row ${visible()[0]}`);
    check(bar.textContent.includes(`26 to ${Math.min(50, rows.length)} of ${rows.length}`), bar.textContent);
    earlier.click();
    earlier.click();
    check(visible()[0] === 0, "before the first page there is none");
    return 1;
  };

  const wide = (svg) => svg.getBoundingClientRect().width > 0;
  const figures = [...document.querySelectorAll("svg[data-plot]")].filter(wide);
  figures.forEach((svg, place) => figure(svg, `figure ${place + 1}`));
  const tables = [...document.querySelectorAll("table.paged")].map(paged).reduce((sum, it) => sum + it, 0);
  if (figures.length === 0) faults.push("the page has no figures with values");
  const result = document.createElement("pre");
  result.id = "probe";
  const verdict = faults.length ? "FAULTS\n" + faults.join("\n") : "as it should be";
  result.textContent = `probe: ${figures.length} figures, ${tables} tables in pages, ${checks} checks: ${verdict}`;
  document.body.appendChild(result);
})();
