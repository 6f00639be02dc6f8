// Who refuses leaves no message behind that waited for a network; nothing is read and nothing is sent.
(() => {
  "use strict";
  try {
    localStorage.removeItem("ecrm_waiting");
    localStorage.removeItem("ecrm_reset_owed");
  } catch {} // storage is blocked: then nothing waits in it
})();
