"use strict";
// Joins Bokeh's map and DataTables' tables: one search for both, what is chosen in one is shown in the other.
// Names come from people: they reach the page as text nodes or through DataTable.render.text(), never as markup.
window.begun = true;
(async () => {
  const read = id => JSON.parse(document.getElementById(id).textContent);
  const data = read("report-data"), words = data.words;
  const at = id => document.getElementById(id);
  const KINDS = ["county", "organization", "school"];

  // --- sections: one text until somebody asks for one of them, or for all on paper ---------------------------------------
  // they stand at the end of the page, which may still be on its way when the tables answer
  const loaded = act => document.readyState === "loading" ? addEventListener("DOMContentLoaded", act, { once: true }) : act();
  const kept = () => at("kept").textContent;
  let pieces;  // id of a section -> its markup
  const pieceOf = id => {
    pieces ??= new Map(kept().split('<section class="one" id="').slice(1).map(rest =>
      [rest.slice(0, rest.indexOf('"')), `<section class="one" id="${rest.slice(0, rest.indexOf("</section>"))}</section>`]));
    return pieces.get(id) ?? "";
  };
  function sectionOf(id) {
    const holder = document.createElement("template");
    holder.innerHTML = pieceOf(id);  // the page's own markup, escaped where it was written
    return holder.content.firstElementChild;
  }
  const paper = () => at("sections");
  const putAlone = id => { paper().innerHTML = `<section class="many">${pieceOf(id)}</section>`; };
  const aimed = () => /^#(county|organization)-\d+$/.test(location.hash) ? location.hash.slice(1) : "";
  function aim() {  // the address names a section: it is there before the browser looks for it again
    if (!aimed() || at(aimed())) return;
    putAlone(aimed());
    location.replace(location.href);
  }
  addEventListener("hashchange", aim);
  addEventListener("beforeprint", () => { if (!aimed() || !pieceOf(aimed())) paper().innerHTML = kept(); });
  addEventListener("afterprint", () => { if (!aimed()) paper().replaceChildren(); });
  loaded(aim);

  const school = data.school, county = data.county, organization = data.organization, branch = data.branch;
  const list = names => names.join(data.lang === "zh" ? "、" : "; ");
  const named = (rows, places) => list(places.map(place => rows[place][1]));
  const far = km => km.map(each => each.toFixed(1)).join("; ");
  const since = which => [...new Set(which.map(place => data.was[place]))].filter(Boolean).join("; ");
  const ownerOf = place => branch[place][2];

  const OTHER = { county: organization, organization: county, school: branch };
  const why = (kind, found, one) => {
    if (!found) return "";
    const [reason, nearest, km] = found, other = OTHER[kind][nearest];
    // a function: a name may hold what replace() takes for a pattern
    const near = other ? " " + filled(words.nearest, { name: `${other[1]} ${other[0]}`, km }) : "";
    const home = kind === "school" ? county[one[2]] : null;
    return filled(data.reasons[reason], home ? { own: home[1], parents: named(organization, home[4]) } : {}) + near;
  };
  const filled = (said, fields) => said.replace(/\{(\w+)\}/g, (whole, name) => fields[name] ?? whole);
  for (const kind of KINDS) for (const each of data[kind]) each.push(why(kind, each.pop(), each));

  // --- rows of the tables: what is shown, and behind it the position of the thing --------------------------------------
  const rows = {
    county: county.map((c, i) => [c[1], c[2], c[3], named(organization, c[4]), far(c[5]), since(c[6]),
      `${c[7]} / ${c[8]}`, c[9] ?? "", c[10], c[0], i]),
    organization: organization.map((o, i) => [o[1], o[2], o[3], named(county, o[4]), far(o[5]), since(o[6]),
      o[7], o[8], o[9], o[0], i]),
    school: school.map((s, i) => [s[1], county[s[2]][1], s[3], named(branch, s[4]),
      list([...new Set(s[4].map(b => organization[ownerOf(b)][1]))]), far(s[5]), since(s[6]), s[7], s[0], i]),
  };
  const { default: DataTable } = await fetched;
  // the map's script is long: read beside the tables' work, run when they answer
  const running = new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = URL.createObjectURL(new Blob([at("report-bokeh").textContent], { type: "text/javascript" }));
    script.onload = done;
    script.onerror = failed;
    document.head.append(script);
  });
  running.catch(() => 0);
  const text = DataTable.render.text().display;
  // thousands of cells are only looked through: those without a sign of markup need no escapes for that
  const shown = (value, type) => type === "display" || String(value).includes("&") ? text(value) : value;
  const NUMBERS = { county: [2, 4, 7], organization: [4, 6, 7], school: [2, 5] };
  const WHY = { county: 8, organization: 8, school: 7 };
  const language = {
    info: words.info, infoEmpty: words.none, infoFiltered: "", zeroRecords: words.none, emptyTable: words.none,
    aria: { orderable: words.sort, orderableReverse: words.sort, paginate: words },
    columnControl: {
      search: { text: words, number: words, datetime: words },
      buttons: { searchClear: words.clear }, searchClear: words.clear,
    },
  };
  let focus = null;  // {kind, i}: what the tables are narrowed to
  const belongs = {
    school: (s, { kind, i }) => kind === "school" ? s === i : kind === "county" ? school[s][2] === i
      : school[s][4].some(b => ownerOf(b) === i) || organization[i][4].includes(school[s][2]),
    county: (c, { kind, i }) => kind === "county" ? c === i : kind === "school" ? c === school[i][2]
      : county[c][4].includes(i),
    organization: (o, { kind, i }) => kind === "organization" ? o === i
      : (kind === "county" ? county[i] : county[school[i][2]])[4].includes(o),
  };
  const made = {};
  const table = kind => made[kind] ??= tableOf(kind);  // those that nobody sees yet are made after the map
  const PER = 12;
  function tableOf(kind) {
    const width = data.columns[kind];
    const columns = Array.from({ length: width }, (_, column) => ({
      render: shown, className: column === WHY[kind] ? "why" : NUMBERS[kind].includes(column) ? "dt-right" : "",
      type: NUMBERS[kind].includes(column) ? "num" : "string",
    }));
    columns.push({ visible: false, render: shown, type: "string" });
    const built = new DataTable(at("t-" + kind), {
      data: rows[kind], columns, deferRender: true, pageLength: PER, autoWidth: false, order: [], language,
      layout: { topStart: null, topEnd: null, bottomStart: "info", bottomEnd: { paging: { type: "simple_numbers" } } },
      columnControl: [{ target: 1, content: ["search"] }],
      createdRow: (row, _, index) => {
        row.tabIndex = 0;
        row.dataset.i = rows[kind][index][width + 1];
      },
    });
    const chosen = event => event.target.closest("tbody tr[data-i]");
    built.table().body().addEventListener("click", event => {
      const row = chosen(event);
      if (row) choose(kind, Number(row.dataset.i));
    });
    built.table().body().addEventListener("keydown", event => {
      const row = chosen(event);
      if (row && (event.key === "Enter" || event.key === " ")) {
        event.preventDefault();
        choose(kind, Number(row.dataset.i));
      }
    });
    built.on("draw", () => { at("n-" + kind).textContent = built.page.info().recordsDisplay.toLocaleString(); mark(kind); });
    built.search.fixed("focus", (_, row, index) => focus === null || belongs[kind](index, focus));
    built.off("stateSaveParams");  // no state is kept: the extension that selects would look through all rows at each draw
    mark(kind);
    return built;
  }
  // searches what is narrowed and draws the first page; draw() alone would sort as well, and search() is no draw
  function searched(kind, asked) {
    const built = table(kind).search(asked);
    built.page("first").draw("page");
    return built;
  }
  let selected = null;  // {kind, i}: what the map rings and the card below it tells
  function mark(kind) {
    for (const row of at("t-" + kind).tBodies[0]?.rows ?? [])
      row.classList.toggle("chosen", selected?.kind === kind && row.dataset.i === String(selected.i));
  }

  // --- tabs, search, focus ---------------------------------------------------------------------------------------------
  let held = false;  // a tab that a person chose stays until the search is empty again
  const tabs = [...document.querySelectorAll("#tabs input")];
  function turn(kind) {
    for (const tab of tabs) tab.checked = tab.value === kind;
    for (const each of KINDS) at("p-" + each).classList.toggle("on", each === kind);
    table(kind);
  }
  for (const tab of tabs) tab.addEventListener("change", () => { held = true; turn(tab.value); });
  function narrow(to) {
    focus = to;
    const button = at("focus");
    button.hidden = to === null;
    if (to !== null) button.textContent = `${data[to.kind][to.i][1]} ✕`;
    const now = tabs.find(tab => tab.checked).value;
    searched(now, asked);
    others(() => rest(now));
  }
  at("focus").title = words.focus;
  at("focus").addEventListener("click", () => { narrow(null); at("q").focus(); });
  // what nobody waits for is done when the answer has been painted; asked again before that, it is not done at all
  function afterwards() {
    let frame, timer;
    return act => {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
      if (act) frame = requestAnimationFrame(() => { timer = setTimeout(act); });
    };
  }
  const idly = window.requestIdleCallback ?? setTimeout;
  function rest(now) {  // the tables that are not looked at, one at a time
    const said = asked, left = KINDS.filter(kind => kind !== now);
    idly(function next() {
      if (said !== asked || !left.length) return;
      searched(left.pop(), asked);
      idly(next);
    });
  }
  const seen = () => new Promise(done => afterwards()(done));
  let asked = "", waiting;
  const others = afterwards(), drawing = afterwards();
  at("q").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(search, 10); });
  at("q").addEventListener("keydown", event => { if (event.key === "Enter") { clearTimeout(waiting); search(); } });
  function search() {
    asked = at("q").value.trim();
    if (focus !== null) narrow(null);
    others(null);
    const low = asked.toLowerCase(), now = tabs.find(tab => tab.checked).value;
    const owns = kind => data[kind].some(each => each[1].toLowerCase().includes(low) || each[0].toLowerCase() === low);
    const hits = kind => searched(kind, asked).page.info().recordsDisplay > 0;
    // what is looked at is drawn first, the other tables when it has been seen
    const first = held || !asked ? now : KINDS.find(owns) ?? now;
    const best = hits(first) || held || !asked ? first : ["school", "organization", "county"].find(hits) ?? first;
    turn(best);
    others(() => rest(best));
    if (!asked) { held = false; return; }
    const found = table(best).rows({ search: "applied" }).indexes();
    const one = found.length === 1 ? found[0]
      : found.toArray().find(i => data[best][i][1].toLowerCase() === low || data[best][i][0].toLowerCase() === low);
    if (one !== undefined) choose(best, one, { narrowing: false });
    at("board").scrollIntoView({ block: "start" });
  }

  // --- what is chosen --------------------------------------------------------------------------------------------------
  function choose(kind, i, { narrowing = false } = {}) {
    selected = { kind, i };
    if (narrowing) narrow(selected);
    for (const each of KINDS) mark(each);
    loaded(() => { if (selected.kind === kind && selected.i === i) tell(kind, i); });
    drawing(() => map?.show(kind, i));  // the answer first, then its place
  }
  function tell(kind, i) {
    const home = kind === "school" ? "county" : kind, place = kind === "school" ? school[i][2] : i;
    const id = `${home}-${place}`, copy = sectionOf(id), detail = at("detail"), more = copy.querySelector(`#why-${i}`);
    for (const each of [copy, ...copy.querySelectorAll("[id]")]) each.removeAttribute("id");
    copy.className = "";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "print";
    button.textContent = words.print;
    button.addEventListener("click", () => printAlone(id));
    copy.querySelector("h3").append(button);
    detail.replaceChildren(copy);
    detail.scrollTop = 0;
    if (kind !== "school") return;
    const one = school[i], line = document.createElement("p");
    line.className = one[7] && !one[4].length ? "say why" : "say";
    line.textContent = `${one[1]} (${one[0]}): ` + (one[4].length ? filled(words.school_of,
      { partner: rows.school[i][3], organization: rows.school[i][4], km: rows.school[i][5] }) : "") +
      (one[7] ? " " + filled(words.unserved, { why: one[7] }) : "");
    if (more) {
      more.open = true;
      detail.prepend(more);
    }
    detail.prepend(line);
    for (const row of copy.querySelectorAll("tbody tr"))
      row.classList.toggle("hit", [row.cells[0].textContent, row.cells[0].querySelector("small")?.textContent].includes(one[0]));
  }
  function printAlone(id) {
    const y = scrollY;
    putAlone(id);
    location.hash = id;
    setTimeout(() => { print(); location.hash = ""; paper().replaceChildren(); scrollTo(0, y); }, 50);
  }
  // a link to a section shows the thing in the card; without scripts it leads to the section itself
  document.addEventListener("click", event => {
    const link = event.target.closest?.("a[href^='#']"), found = link?.getAttribute("href").match(/^#(county|organization)-(\d+)$/);
    if (!found) return;
    event.preventDefault();
    choose(found[1], Number(found[2]));
  });

  // --- the map ---------------------------------------------------------------------------------------------------------
  async function mapOf() {
    const drawn = read("report-map");
    if (drawn === null) return null;
    await running;
    at("map").style.minHeight = "430px";
    await Bokeh.embed.embed_item(drawn.item, "map");
    const model = name => Bokeh.documents.at(-1).get_model_by_name(name), plot = model("plot");
    const cut = name => name.length > 60 ? name.slice(0, 60) + "…" : name;
    const sources = {};
    for (const kind of KINDS) {
      const source = model(kind);
      if (!source) continue;
      sources[kind] = source;
      const partner = kind === "school" ? i => rows.school[i][3] ? `${rows.school[i][3]} · ${rows.school[i][5]} km`
        : school[i][7] : i => rows[kind][i][3] ? `${rows[kind][i][3]} · ${rows[kind][i][4]} km` : rows[kind][i][8];
      // nothing that is drawn: no signal, so that nothing is drawn again
      source.data.label = data[kind].map(each => cut(each[1]));
      source.data.partner = data[kind].map((_, i) => cut(partner(i)));
      source.selected.properties.indices.change.connect(() => tapped(kind, source));
    }
    const whole = drawn.whole;
    let quiet = false, taps = [];
    function tapped(kind, source) {
      if (quiet || !source.selected.indices.length) return;
      if (!taps.length) queueMicrotask(() => setTimeout(settle, 0));
      taps.push([kind, source.selected.indices[0]]);
    }
    function settle() {  // many things stand at one place: the county first
      taps.sort((one, other) => KINDS.indexOf(one[0]) - KINDS.indexOf(other[0]));
      const [kind, i] = taps[0];
      taps = [];
      clear();
      choose(kind, i, { narrowing: true });
    }
    function clear() {
      quiet = true;
      for (const source of Object.values(sources)) source.selected.indices = [];
      quiet = false;
    }
    function fit(x0, x1, y0, y1) {
      const ratio = (plot.inner_width || 600) / (plot.inner_height || 400);
      const half = Math.max((y1 - y0) / 2, (x1 - x0) / 2 / ratio), x = (x0 + x1) / 2, y = (y0 + y1) / 2;
      plot.x_range.setv({ start: x - half * ratio, end: x + half * ratio });
      plot.y_range.setv({ start: y - half, end: y + half });
    }
    const places = { branch: drawn.branches };
    for (const kind in sources) places[kind] = sources[kind].data;
    const county_pairs = (os, cs) => os.flatMap(o => cs.map(c => ["organization", o, "county", c]));
    const school_pairs = (s, meant) => school[s][4].filter(meant).map(b => ["branch", b, "school", s]);
    const inside = (which, meant) => school.flatMap((one, s) => which(one) ? school_pairs(s, meant) : []);
    const pairsOf = {
      county: i => [...county_pairs(county[i][4], [i]), ...inside(one => one[2] === i, () => true)],
      organization: i => [...county_pairs([i], organization[i][4]), ...inside(() => true, b => ownerOf(b) === i)],
      school: i => school_pairs(i, () => true),
    };
    function show(kind, i) {
      const source = sources[kind];
      if (!source) return;
      const lit = { x0: [], y0: [], x1: [], y1: [] };
      for (const [one, p, other, r] of pairsOf[kind](i)) {
        lit.x0.push(places[one].x[p]); lit.y0.push(places[one].y[p]);
        lit.x1.push(places[other].x[r]); lit.y1.push(places[other].y[r]);
      }
      model("lit").data = lit;
      const x = source.data.x[i], y = source.data.y[i];
      model("ring").data = { x: [x], y: [y] };
      const xs = [x, ...lit.x0, ...lit.x1], ys = [y, ...lit.y0, ...lit.y1];
      const least = Math.max(15, (whole[3] - whole[2]) / 40), pad = 1.15;
      const half = values => pad * Math.max(least, (Math.max(...values) - Math.min(...values)) / 2);
      const cx = (Math.min(...xs) + Math.max(...xs)) / 2, cy = (Math.min(...ys) + Math.max(...ys)) / 2;
      fit(cx - half(xs), cx + half(xs), cy - half(ys), cy + half(ys));
    }
    function reset() {
      fit(...whole);  // to which the map's own button leads back
      for (const range of [plot.x_range, plot.y_range]) range.setv({ reset_start: range.start, reset_end: range.end });
    }
    await seen();  // its parts have found their sizes: now it is looked at, and drawn
    reset();
    await seen();
    addEventListener("resize", () => setTimeout(reset, 200));
    return { show, reset, plot, sources };
  }

  at("board").hidden = at("finder").hidden = false;
  let map = null;
  for (const kind of KINDS) at("n-" + kind).textContent = data[kind].length.toLocaleString();
  turn(school.length ? "school" : "county");
  window.report = { choose, narrow, answers: performance.now() };
  await seen();
  try { map = await mapOf(); } catch (error) { console.error(error); at("map").hidden = true; }
  await new Promise(loaded);
  for (const kind of KINDS) { table(kind); await seen(); }  // better before somebody waits for it
  pieceOf("");
  Object.assign(window.report, { map, ready: true });
})().catch(error => {  // without its scripts the page shows all it has
  unfold();
  document.getElementById("board").hidden = document.getElementById("finder").hidden = true;
  console.error(error);
});
