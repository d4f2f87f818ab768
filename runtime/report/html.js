(function () {
	"use strict";
	var form = document.getElementById("filter");
	var search = document.getElementById("search");
	var shown = document.getElementById("shown");
	var boxes = Array.from(form.querySelectorAll("input[type=checkbox]"));
	var items = Array.from(document.querySelectorAll(".runs>li"));
	var texts = null;

	/* Everything that a run's pane says can be searched. */
	function textOf(i) {
		texts = texts || [];
		texts[i] = texts[i] || items[i].textContent.toLowerCase();
		return texts[i];
	}

	function apply() {
		var words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		var verdicts = boxes.filter(function (box) { return box.checked; }).map(function (box) { return box.value; });
		var n = 0;

		items.forEach(function (item, i) {
			item.hidden = verdicts.indexOf(item.dataset.v) < 0 ||
				!words.every(function (word) { return textOf(i).indexOf(word) >= 0; });
			n += !item.hidden;
		});
		shown.textContent = n + " of " + items.length + " runs shown";
	}

	function open(item) {
		item.firstElementChild.open = true;
		item.scrollIntoView();
		item.querySelector("summary").focus({preventScroll: true});
	}

	/* A link to a run opens it, and shows it if the filter hides it. */
	function follow() {
		var run = location.hash.length > 1 && document.getElementById(location.hash.slice(1));

		if (!run)
			return;
		if (run.parentNode.hidden) {
			form.reset();
			apply();
		}
		open(run.parentNode);
	}

	function next() {
		var failures = items.filter(function (item) { return !item.hidden && item.classList.contains("bad"); });
		var at = items.findIndex(function (item) { return item.contains(document.activeElement); });
		var after = failures.find(function (item) { return items.indexOf(item) > at; });

		if (after || failures[0])
			open(after || failures[0]);
	}

	form.hidden = false;
	form.addEventListener("submit", function (event) { event.preventDefault(); });
	form.addEventListener("reset", function () { setTimeout(apply); });
	search.addEventListener("input", apply);
	boxes.forEach(function (box) { box.addEventListener("change", apply); });
	document.getElementById("next").addEventListener("click", next);
	window.addEventListener("hashchange", follow);
	apply();
	follow();
})();
