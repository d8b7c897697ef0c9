"""The Chalice app: registers blueprints, nothing else."""

from chalice import Chalice

from chalicelib.api.routes import bp as api
from chalicelib.jobs.intake import bp as intake
from chalicelib.jobs.receipts import bp as receipts
from chalicelib.jobs.sweep import bp as sweep
from chalicelib.jobs.wake import bp as wake

app = Chalice(app_name="perennial")
for blueprint in (api, sweep, wake, intake, receipts):
    app.register_blueprint(blueprint)
