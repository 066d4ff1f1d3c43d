/** How the app's promises stand, for operators: whoever else signs in is refused the snapshot, and sees nothing of it. */
export async function showObjectives(section, call) {
  let snapshot;
  try {
    snapshot = await call("query", "ops:getReliabilitySnapshot");
  } catch (error) {
    section.hidden = true;
    if (error.code === "forbidden") return;
    throw error;
  }
  const rows = Object.entries(snapshot.objectives).sort(([a], [b]) => (a < b ? -1 : 1));
  section.querySelector("ul").replaceChildren(...rows.map(([sli, objective]) => row(sli, objective)));
  section.hidden = false;
}

function row(sli, { objective, budgetLeft, alerts, owner, runbook }) {
  const item = document.createElement("li");
  const budget = budgetLeft === null ? "no calls yet" : `${percent(budgetLeft)} of its budget left`;
  item.textContent = `${sli}: ${percent(objective)} promised, ${budget}`;
  const firing = alerts.filter(({ state }) => state === "firing");
  if (firing.length > 0) {
    const alert = document.createElement("p");
    alert.className = "problem";
    alert.textContent = `${firing.map(({ severity }) => severity).join(", ")}: ${owner}, see ${runbook}`;
    item.append(alert);
  }
  return item;
}

function percent(share) {
  return `${Number((share * 100).toFixed(1))} %`;
}
