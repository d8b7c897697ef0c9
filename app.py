"""The Chalice app: registers blueprints, nothing else."""

from chalice import Chalice

from chalicelib.jobs.intake import bp as intake
from chalicelib.jobs.sweep import bp as sweep
from chalicelib.jobs.wake import bp as wake

app = Chalice(app_name="perennial")
for blueprint in (sweep, wake, intake):
    app.register_blueprint(blueprint)


@app.route("/health", methods=["GET"])
def health():
    return {"status": "ok"}
