// The sign-up form starts with the League's time zone; the browser knows the person's own.
const select = document.querySelector("select[data-guess-zone]");
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;

if (select && zone) {
  if (![...select.options].some((option) => option.value === zone)) {
    select.add(new Option(zone, zone));
  }
  select.value = zone;
}
