"""What is asked and said in more than one protocol: the greeting, the weather, the coding agent."""

from authoring.draft import Json, call
from llmgate.recording.lines import ToolCall

HELLO_QUESTION = "Hello, is anybody there?"
HELLO = (
    "Hello! You are talking to the demo provider of llmgate: this answer is a recording, written"
    " by hand and played at the pace of a real model. Nothing you send leaves your machine.\n\n"
    "Ask about server-sent events, a slow SQL query or when to retry, offer a `get_weather` tool,"
    " or write `llmgate:error` or `llmgate:cut` to see a failure. To reach a real model, put a"
    " provider into `config.yaml`."
)

WEATHER_QUESTION = "What is the weather in Lisbon right now?"
WEATHER_RESULT = '{"temp_c": 19, "sky": "scattered clouds", "wind_kmh": 14, "humidity": 62}'
WEATHER_ANSWER = (
    "It is **19 °C** in Lisbon with scattered clouds, a light wind of 14 km/h and 62 % humidity."
    " A jacket for the evening will do."
)
WEATHER_ABOUT = "Current weather of a place."
PLACE: Json = {"type": "string", "description": "City and country, for example: Lisbon, Portugal"}

COMPARE_QUESTION = "Compare the weather in Oslo and Rome for me."


def weather(call_id: str, place: str, argument: str = "location") -> ToolCall:
    """Gives a call of the weather tool, whatever its argument is called."""
    return call(call_id, "get_weather", {argument: place})


AGENT_PROMPT = (
    "You are a coding agent working in the user's repository. Read before you write, keep changes"
    " small, run the tests, and say what you did in a few sentences."
)
AGENT_TOOLS: tuple[tuple[str, str, Json, list[str]], ...] = (
    (
        "shell",
        "Run a command and give back its output.",
        {"command": {"type": "string"}, "timeout_ms": {"type": "integer"}},
        ["command"],
    ),
    (
        "read",
        "Read a file of the repository.",
        {"file_path": {"type": "string"}, "offset": {"type": "integer"}},
        ["file_path"],
    ),
    (
        "edit",
        "Replace a piece of a file.",
        {name: {"type": "string"} for name in ("file_path", "old_string", "new_string")},
        ["file_path", "old_string", "new_string"],
    ),
    ("grep", "Search the files.", {"pattern": {"type": "string"}}, ["pattern"]),
    ("todo", "Note what is left to do.", {"items": {"type": "array"}}, ["items"]),
)
AGENT_SHELL: Json = {"command": "git log --oneline -3"}
AGENT_SHELL_RESULT = "4be1c02 Close the pool on shutdown\n9d0f7aa Add a timeout\n17c3e55 First"

HI_QUESTION = "say hi"
HI = (
    "Hi! Your agent reaches llmgate, and this is a recorded answer from its demo provider: the"
    " wiring works. Look at the terminal UI, this exchange is in the list with its prompt, its"
    " tools and every chunk."
)
REPO_QUESTION = "Explain this repo: what does the project do and how is the code laid out?"
REPO = (
    "I am the demo provider, so I answer from a recording and have not read your files. This is"
    " how I would go about it:\n\n"
    "1. **The outside**: the README and the package manifest say what is promised and what it"
    " stands on.\n"
    "2. **The entry point**: follow the command or `main` until the first real decision.\n"
    "3. **The flow**: pick one request or one command and name each folder it passes.\n"
    "4. **The tests**: their names are the shortest list of what must stay true.\n\n"
    "Put a real provider into `config.yaml` and ask again."
)
STEP_QUESTION = "Show me the last three commits."
STEP_ANSWER = (
    "The tool ran and its result reached me, so the whole circle works: request, tool call,"
    " result, answer. I am a recording and cannot judge what it says; the Chat view of llmgate"
    " shows the call and its result side by side."
)
