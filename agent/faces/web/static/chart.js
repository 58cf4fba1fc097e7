// Draws every chart of the page from its data: options of ECharts as JSON in data-options. The same data stands in the table.
"use strict";
(() => {
  const dark = () => {
    const theme = document.documentElement.dataset.theme;
    return theme === "dark" || (theme === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  };
  const draw = (element) => {
    if (element.dataset.drawn) return;
    element.dataset.drawn = "1";
    const options = JSON.parse(element.dataset.options);
    // Tooltips as drawn text: HTML with styles of its own is against the page's policy.
    options.tooltip = { ...options.tooltip, renderMode: "richText" };
    const chart = echarts.init(element, dark() ? "dark" : null, { renderer: "svg" });
    chart.setOption({ backgroundColor: "transparent", animation: false, ...options });
    new ResizeObserver(() => chart.resize()).observe(element);
  };
  const drawAll = () => document.querySelectorAll(".chart[data-options]").forEach(draw);
  document.addEventListener("DOMContentLoaded", drawAll);
  document.addEventListener("htmx:afterSettle", drawAll);
})();
