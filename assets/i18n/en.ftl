# Every word that Kith shows. Short and plain: what happened, what it means, what to do.

app-name = Kith
menu-edit = Edit

## Welcome

welcome-title = Welcome to Kith
welcome-lead = Write to people directly, from your device to theirs. No account, no company in between.
welcome-name = Your name
welcome-name-hint = What others see when you write to them. You can change it later.
welcome-continue = Continue
welcome-back = Back
welcome-start = Start

## When the start fails

start-failed-title = Kith cannot start
start-failed-lead = Nothing of yours has been changed. What went wrong:

## How others can reach me

reach-title = How can others reach you?
reach-lead = Kith needs a meeting point where devices find each other. It sees no names and reads no messages.
reach-here = Only on this computer
reach-here-what = For trying things out: people who use Kith on this very computer.
reach-network = In my network
reach-network-what = People in the same house or office. This computer is the meeting point while Kith runs.
reach-brokers = Through a broker of mine
reach-brokers-what = Everywhere. Name an MQTT broker that you or somebody you trust runs.
reach-public = Through a public broker, to try things out
reach-public-what = Everywhere, with no promise: strangers run it, see when and how much you write, and may switch it off.
reach-address = Broker address
reach-address-hint = For example mqtts://broker.example:8883, with user:password@ in front of the name if it wants one. Several with spaces between.
reach-address-missing = Write the broker's address first.
reach-fixed = The command line names the brokers: { $brokers }. Start without --broker to choose here.

## Chats

chats = Chats
chats-add = Add a contact
chats-requests = Requests
chats-requests-waiting = { $count ->
    [one] Requests, 1 waiting
   *[other] Requests, { $count } waiting
}
chats-settings = Settings
chats-empty-title = Nobody here yet
chats-empty-lead = Give somebody your link, or paste theirs. When one of you has accepted, you can write.
chats-empty-add = Add your first contact
chats-pick-title = Your conversations
chats-pick-lead = Choose one from the list, or add somebody new.
chats-nothing-said = Say hello
chats-draft = Draft: { $text }
chats-you = You: { $text }
chats-unread = { $count ->
    [one] 1 unread message
   *[other] { $count } unread messages
}
chats-many = 999+
chats-asked = Waits for their answer
online = Online

## How things stand

status-starting = Starting …
status-linked = { $count ->
    [one] Connected to 1 person
   *[other] Connected to { $count } people
}
status-linked-only = { $count ->
    [one] Connected to 1 person, but nobody else can reach you. See Settings
   *[other] Connected to { $count } people, but nobody else can reach you. See Settings
}
status-ready = Ready. Nobody is online at the moment
status-alone = Ready. Add somebody to write to
status-connecting = Looking for the meeting point …
status-refused = The meeting point refuses us. See Settings
status-unreachable = The meeting point cannot be reached. Messages wait
status-no-broker = Nobody can reach you yet. See Settings
status-ended = Kith has stopped. Start it again

## Conversation

conversation = Conversation with { $name }
back = Back
details = Details
messages = Messages
message = Message
message-to = Message { $name }
send = Send
path-direct = Online, connected directly
path-relay = Online, through a relay
path-mail = Away. Messages wait in their mailbox
path-none = Away. Messages wait here
today = Today
yesterday = Yesterday

# Days are counted from Monday.
weekday = { $number ->
    [1] Monday
    [2] Tuesday
    [3] Wednesday
    [4] Thursday
    [5] Friday
    [6] Saturday
   *[7] Sunday
}
weekday-short = { $number ->
    [1] Mon
    [2] Tue
    [3] Wed
    [4] Thu
    [5] Fri
    [6] Sat
   *[7] Sun
}
month = { $number ->
    [1] January
    [2] February
    [3] March
    [4] April
    [5] May
    [6] June
    [7] July
    [8] August
    [9] September
    [10] October
    [11] November
   *[12] December
}
month-short = { $number ->
    [1] Jan
    [2] Feb
    [3] Mar
    [4] Apr
    [5] May
    [6] Jun
    [7] Jul
    [8] Aug
    [9] Sep
    [10] Oct
    [11] Nov
   *[12] Dec
}
date-this-year = { $weekday }, { $day } { $month }
date = { $day } { $month } { $year }
date-short-this-year = { $day } { $month }
date-short = { $day } { $month } { $year }
new-messages = { $count ->
    [one] 1 new message
   *[other] { $count } new messages
}
jump = Jump to latest
jump-new = { $count ->
    [one] Jump to latest, 1 new message
   *[other] Jump to latest, { $count } new messages
}
try-again = Try again
load-failed = This conversation could not be read: { $why }
nothing-said-title = Nothing said yet
nothing-said-lead = What you write goes straight to { $name }'s device.
mark-queued = Queued. { $why }
waits-for-them = Waits for { $name } to come online
waits-connecting = Waits for the meeting point …
waits-unreachable = The meeting point cannot be reached. It is sent as soon as it can
waits-refused = The meeting point refuses us. See Settings
waits-nowhere = There is no meeting point. See Settings
mark-sent = Sent: { $name } has not received it yet
mark-delivered = Delivered
send-failed = Not sent: { $why }
you-said = You, { $time }
they-said = { $name }, { $time }
heard = { $name }: { $text }

## Add a contact

add-title = Add a contact
add-own = Your link
add-own-lead = Give it to somebody you know. Whoever has it can ask to become your contact.
add-warning-nobody = Nobody can reach you with this link yet. Choose in Settings how they can.
add-warning-here = This link works on this computer only. Choose in Settings how others can reach you.
add-qr = QR code of your link
add-copy = Copy link
add-copied = Copied
add-not-copied = This could not be copied. Select the link and copy it yourself.
add-their = Their link
add-their-hint = It begins with kith: and somebody you know has sent it to you.
add-send = Send request
add-sent = Your request is on its way. When they accept, they appear in your chats.
add-already = You are contacts already.
add-missing = Paste their link first.
add-too-large = Your link is too long for a QR code. Copy it instead.

## Requests

requests-title = Requests
requests-incoming = They ask you
requests-others = Without your link
requests-others-lead = These people did not come with a link of yours. You owe them no answer.
requests-sent = Sent requests
requests-none = Nobody waits for an answer.
requests-safety = Safety number: compare it with theirs, and nobody is between you
requests-accept = Accept
requests-decline = Decline
requests-block = Block
requests-block-what = They are not told, and cannot ask you again. You can unblock them in Settings.
requests-cancel = Cancel request
requests-waits = Waits for their answer

## Contact

contact-warning-here = They can be reached on one computer only: their link names its own address.
contact-safety = Safety number
contact-safety-lead = Read it to each other, or compare it side by side. If both are the same, nobody is between you.
contact-nickname = Nickname
contact-nickname-hint = Only you see it. Their own name is { $name }.
contact-save = Save
contact-saved = Saved
contact-part = Remove or block
contact-part-lead = Remove somebody you do not write to any more. Block somebody who shall not reach you.
contact-block = Block
contact-block-ask = Block { $name }?
contact-block-what = They are not told. Nothing of theirs reaches you any more.
contact-remove = Remove contact
contact-remove-ask = Remove { $name }?
contact-remove-what = You cannot write to each other any more. They are not told. To come back, one of you asks again.
cancel = Cancel

## Settings

settings-title = Settings
settings-profile = Profile
settings-name = Your name
settings-save = Save
settings-saved = Saved
settings-blocked = Blocked people
settings-blocked-lead = Nothing of theirs reaches you. Unblocked, they are strangers again and can ask you.
settings-unblock = Unblock
settings-look = Appearance
settings-theme = Theme
theme-system = System
theme-light = Light
theme-dark = Dark
settings-text = Text size
text-small = Small
text-normal = Normal
text-large = Large
text-huge = Huge
settings-brokers = Meeting points
broker-theirs = Where you meet a contact
broker-connected = Connected
broker-connecting = Connecting …
broker-refused = It refuses us
broker-unreachable = It cannot be reached; trying again
broker-why = { $state }: { $why }

## The browser preview

preview-lost = Kith is not running any more, or this tab has lost it.
preview-retry = Trying again …

## Refusals: what happened, and what to do

refused-link-foreign = This is not a Kith link. It begins with kith: and is long; copy all of it.
refused-link-truncated = The end of this link is missing. Copy all of it, and paste it again.
refused-link-tampered = This link was changed on its way. Ask for it once more, another way.
refused-link-oversize = This is too long for a Kith link. Paste the link alone.
refused-link-own = This is your own link. Give it to somebody else, and paste theirs here.
refused-link-newer = This link was made by a newer Kith. Update yours first.
refused-key-changed = This link names somebody you know, with another key. Ask them, another way, before you go on.
refused-no-broker = This link does not say where its owner can be reached. Ask for a new one.
refused-blocked = You have blocked this person. Unblock them in Settings first.
refused-not-a-contact = You are not contacts yet. You can write once one of you has accepted.
refused-unknown-user = This person is not there any more.
refused-name = A name needs something to read in it, and it must not be that long: 128 letters at most, fewer with accents or signs.
refused-text = This text is too long for one message. Send it in parts.
refused-full = There is no room for more people. Remove some first.
refused-address = “{ $address }” cannot be used: { $why }.
refused-many-brokers = There can be { $most } addresses at most.
refused-own-broker = { $why }
refused-storage = This could not be kept: { $why }
refused-saving = This could not be saved: { $why }
refused-ending = Kith is just ending.

## Notifications

notify-request = { $name } wants to write to you
