"""The Chalice app: registers blueprints, and says which answers are no text; nothing else."""

from chalice import Chalice

from chalicelib.api.http.endpoint import BINARY
from chalicelib.api.routes import bp as api
from chalicelib.jobs.intake import bp as intake
from chalicelib.jobs.receipts import bp as receipts
from chalicelib.jobs.renew import bp as renew
from chalicelib.jobs.reports import bp as reports
from chalicelib.jobs.sweep import bp as sweep
from chalicelib.jobs.wake import bp as wake

app = Chalice(app_name="perennial")
app.api.binary_types.extend(BINARY)
for blueprint in (api, sweep, wake, intake, receipts, reports, renew):
    app.register_blueprint(blueprint)
