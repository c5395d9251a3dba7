// What stands at the pointer in a figure, a part of it enlarged by dragging, and long tables in pages.
// The page reads without it.
(() => {
  const NS = "http://www.w3.org/2000/svg", ROWS = 25;
  const make = (name, attributes, parent) => {
    const node = document.createElementNS(NS, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (parent) parent.appendChild(node);
    return node;
  };
  const two = (n) => String(n).padStart(2, "0");
  const dateOf = (ms, mode) => {
    const d = new Date(ms);
    const day = d.getUTCFullYear() + "-" + two(d.getUTCMonth() + 1) + "-" + two(d.getUTCDate());
    if (mode === "day") return day;
    const time = two(d.getUTCHours()) + ":" + two(d.getUTCMinutes());
    return mode === "time" ? time : day + " " + time + ":" + two(d.getUTCSeconds());
  };
  const text = (v) => {
    const size = Math.abs(v);
    const digits = size >= 1000 ? 2 : size >= 1 ? 4 : 8;
    return v.toLocaleString("en-US", { maximumFractionDigits: digits }).replace("-", "−");
  };
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.hidden = true;
  document.body.appendChild(tip);

  const figure = (svg) => {
    const own = svg.dataset.values ? svg : svg.closest("figure").querySelector("[data-values]");
    const data = JSON.parse(own.dataset.values);
    const [left, right, top, bottom] = svg.dataset.plot.split(" ").map(Number);
    const whole = { from: 0, to: 1e6, low: data.y[0], high: data.y[1] };
    let view = whole, drag = null, zoomed = null;
    const height = (v) => (data.log ? Math.log10(v) : v);
    const toX = (part) => left + ((part - view.from) / (view.to - view.from)) * (right - left);
    const toPart = (x) => view.from + ((x - left) / (right - left)) * (view.to - view.from);
    const toY = (v) => bottom - ((height(v) - view.low) / (view.high - view.low)) * (bottom - top);
    const time = (part) => data.t[0] + (part / 1e6) * (data.t[1] - data.t[0]);
    const cross = make("g", { "pointer-events": "none" }, svg);
    const place = (event) => {
      const box = svg.getBoundingClientRect(), [, , width] = svg.getAttribute("viewBox").split(" ").map(Number);
      return ((event.clientX - box.left) / box.width) * width;
    };
    const valueAt = (line, part) => {
      let best = null, distance = Infinity;
      for (let i = 0; i < line.p.length; i += 2) {
        const at = line.p[i];
        if (line.s ? at > part : false) break;
        const away = Math.abs(at - part);
        if (away <= distance) [best, distance] = [i, away];
        else if (!line.s) break;
      }
      return best === null || line.p[best + 1] === null ? null : [line.p[best], line.p[best + 1]];
    };
    const show = (event) => {
      const x = Math.min(Math.max(place(event), left), right), part = toPart(x);
      cross.replaceChildren();
      make("line", { x1: x, x2: x, y1: top, y2: bottom, stroke: "#3C4046", "stroke-width": 1, opacity: 0.5 }, cross);
      tip.replaceChildren();
      let when = part;
      const rows = [];
      for (const line of data.l) {
        const found = valueAt(line, part);
        if (!found) continue;
        if (!line.s) when = found[0];
        make("circle", { cx: toX(line.s ? part : found[0]), cy: toY(found[1]), r: 3.5, fill: line.c }, cross);
        rows.push([line.n, text(found[1])]);
      }
      for (const [at, value, buys] of data.f) {
        if (Math.abs(toX(at) - x) < 4) rows.push([buys ? "bought at" : "sold at", text(value)]);
      }
      const head = document.createElement("b");
      head.textContent = dateOf(time(when), data.day ? "day" : "full");
      tip.appendChild(head);
      for (const [name, value] of rows.slice(0, 12)) {
        const row = document.createElement("div");
        row.textContent = (name ? name + ": " : "") + value;
        tip.appendChild(row);
      }
      tip.hidden = false;
      const wide = document.documentElement.clientWidth, box = tip.getBoundingClientRect();
      tip.style.left = Math.max(4, Math.min(event.clientX + 14, wide - box.width - 4)) + window.scrollX + "px";
      tip.style.top = event.clientY + window.scrollY + 18 + "px";
    };
    const hide = () => {
      cross.replaceChildren();
      tip.hidden = true;
    };
    const outside = () =>
      [...svg.querySelectorAll("text")].filter((node) => {
        const x = Number(node.getAttribute("x")), y = Number(node.getAttribute("y"));
        return !node.hasAttribute("transform") && ((x < left && y > top - 12) || y > bottom) && !zoomed?.contains(node);
      });
    const reset = () => {
      if (zoomed) zoomed.remove();
      zoomed = null;
      outside().forEach((node) => (node.style.visibility = ""));
      view = whole;
    };
    // Round numbers in view.
    const levels = () => {
      if (data.log) {
        return [0.05, 0.28, 0.5, 0.73, 0.95].map((share) =>
          Number((10 ** (view.low + share * (view.high - view.low))).toPrecision(3)));
      }
      const raw = (view.high - view.low) / 5, decade = 10 ** Math.floor(Math.log10(raw));
      const step = decade * [1, 2, 5, 10].find((it) => it * decade >= raw);
      const found = [];
      for (let at = Math.ceil(view.low / step) * step; at <= view.high; at += step) found.push(Number(at.toPrecision(12)));
      return found;
    };
    const draw = () => {
      outside().forEach((node) => (node.style.visibility = "hidden"));
      zoomed = make("g", { "pointer-events": "none" });
      svg.insertBefore(zoomed, cross);
      make("rect", { x: left, y: top - 1, width: right - left + 12, height: bottom - top + 1, fill: "#FFFFFF" }, zoomed);
      const font = { "font-size": 13.7, fill: "#3C4046", "font-family": "sans-serif" };
      for (const level of levels()) {
        const y = toY(level);
        make("line", { x1: left, x2: right, y1: y, y2: y, stroke: "#E4E6EA" }, zoomed);
        make("text", { x: left - 8, y: y + 4, "text-anchor": "end", ...font }, zoomed).textContent = text(level);
      }
      const span = time(view.to) - time(view.from), mode = span > 2 * 864e5 || data.day ? "day" : "time";
      const most = right - left > 600 ? 4 : 2;
      for (let i = 0; i <= most; i++) {
        const x = left + (i / most) * (right - left), anchor = i === most ? "end" : "middle";
        const at = make("text", { x, y: bottom + 18, "text-anchor": anchor, ...font }, zoomed);
        at.textContent = dateOf(time(toPart(x)), mode);
      }
      for (const line of data.l) {
        let piece = [], before = null;
        const end = () => {
          if (piece.length) make("polyline", { points: piece.join(" "), fill: "none", stroke: line.c, "stroke-width": 1.5 }, zoomed);
          [piece, before] = [[], null];
        };
        for (let i = 0; i < line.p.length; i += 2) {
          const next = line.p[i + 2] ?? 1e6;
          if (line.p[i + 1] === null) end();
          else if (next >= view.from && (line.p[i - 2] ?? 0) <= view.to) {
            const x = Math.min(Math.max(toX(line.p[i]), left), right), y = toY(line.p[i + 1]);
            if (line.s && before !== null) piece.push(x + "," + before);
            piece.push(x + "," + y);
            before = y;
          }
        }
        end();
      }
      for (const [at, value, buys] of data.f) {
        const x = toX(at), y = toY(value), h = buys ? -6 : 6;
        if (x < left || x > right) continue;
        make("path", { d: `M${x - 5},${y - h / 2}h10l-5,${h * 1.4}z`, fill: buys ? "#0072B2" : "#D55E00", opacity: 0.8 }, zoomed);
      }
    };
    const zoom = (from, to) => {
      reset();
      let [low, high] = [Infinity, -Infinity];
      const seen = (v) => {
        if (v === null || !isFinite(height(v))) return;
        [low, high] = [Math.min(low, height(v)), Math.max(high, height(v))];
      };
      for (const line of data.l)
        for (let i = 0; i < line.p.length; i += 2) if (line.p[i] >= from && line.p[i] <= to) seen(line.p[i + 1]);
      if (low > high) return;
      const air = (high - low) * 0.05 || Math.abs(high) * 0.01 || 1;
      view = { from, to, low: low - air, high: high + air };
      draw();
    };
    svg.addEventListener("pointerdown", (event) => {
      if (event.pointerType === "mouse" && event.button === 0) drag = place(event);
    });
    svg.addEventListener("pointermove", (event) => {
      show(event);
      if (drag === null) return;
      const x = Math.min(Math.max(place(event), left), right), start = Math.min(Math.max(drag, left), right);
      make("rect", { x: Math.min(x, start), y: top, width: Math.abs(x - start), height: bottom - top, fill: "#0072B2", opacity: 0.15 }, cross);
    });
    svg.addEventListener("pointerup", (event) => {
      const [a, b] = [drag ?? 0, place(event)].sort((p, q) => p - q);
      if (drag !== null && b - a > 12) zoom(toPart(Math.max(a, left)), toPart(Math.min(b, right)));
      drag = null;
    });
    svg.addEventListener("pointerleave", () => {
      hide();
      drag = null;
    });
    svg.addEventListener("dblclick", reset);
    svg.style.touchAction = "pan-y";
  };

  const paged = (table) => {
    const rows = [...table.tBodies[0].rows], pages = Math.ceil(rows.length / ROWS);
    if (pages < 2) return;
    const bar = document.createElement("p"), label = document.createElement("span");
    let page = 0;
    const show = () => {
      rows.forEach((row, place) => (row.hidden = Math.floor(place / ROWS) !== page));
      label.textContent = ` ${page * ROWS + 1} to ${Math.min((page + 1) * ROWS, rows.length)} of ${rows.length} `;
    };
    const button = (name, step) => {
      const node = document.createElement("button");
      node.textContent = name;
      node.addEventListener("click", () => {
        page = Math.min(Math.max(page + step, 0), pages - 1);
        show();
      });
      return node;
    };
    bar.className = "pages";
    bar.append(button("earlier", -1), label, button("later", 1));
    table.parentElement.before(bar);
    show();
  };

  for (const svg of document.querySelectorAll("svg[data-plot]")) figure(svg);
  for (const table of document.querySelectorAll("table.paged")) paged(table);
})();
