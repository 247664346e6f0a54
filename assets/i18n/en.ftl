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
chats-they = { $name }: { $text }
chats-unread = { $count ->
    [one] 1 unread message
   *[other] { $count } unread messages
}
chats-many = 999+
chats-asked = Waits for their answer
chats-archived = Archived
chats-archived-back = All chats
chats-archived-count = { $count ->
    [one] 1 archived chat
   *[other] { $count } archived chats
}
online = Online

## Looking for something

search = Search
search-key = Search (Ctrl+K)
search-clear = Clear the search
search-people = People
search-messages = Found messages
search-author = { $name }:
search-nothing = Nothing found for “{ $what }”
search-count = { $count ->
    [0] Nothing found
    [one] 1 found
   *[other] { $count } found
}
search-more = Show more
search-unfinished = Not all messages are looked through yet. Some may be missing here.
refused-query = This is too long to look for. Try a few words of it.

## What can be done with a conversation

chat-menu = Conversation with { $name }
chat-pin = Pin
chat-unpin = Unpin
chat-mute = Mute for good
chat-mute-hour = Mute for 1 hour
chat-mute-night = Mute for 8 hours
chat-unmute = Unmute
chat-archive = Archive
chat-unarchive = Back to the chats
chat-pinned = Pinned
chat-muted = Muted
contact-chat = This conversation
contact-pin = Pin
contact-pin-what = It stands above the others.
contact-mute = Mute
contact-mute-what = No notifications. Messages still come, and are counted.
contact-muted-until = No notifications until { $day }, { $time }. Messages still come, and are counted.
contact-archive = Archive
contact-archive-what = It stands apart from the chats, under “Archived”. A new message brings it back, unless it is muted.

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
path-hidden = By mail: you hide your address
path-relay-fails = By mail: no way through relay
path-they-hide = By mail: they take no link
path-apart = Waits: no shared meeting point
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
nothing-said-group = Only the devices of those who are in this group can read what you write.
nothing-said-lead = Only { $name }'s device can read what you write.
missing-label = What has not arrived
missing-from = { $count ->
    [one] 1 message from { $name } has not arrived yet.
   *[other] { $count } messages from { $name } have not arrived yet.
}
missing-own = { $count ->
    [one] 1 message that you wrote on another device has not arrived yet.
   *[other] { $count } messages that you wrote on another device have not arrived yet.
}
missing-somebody = { $count ->
    [one] 1 message that somebody answered has not arrived yet.
   *[other] { $count } messages that somebody answered have not arrived yet.
}
missing-held = { $holders ->
    [one] { $names } has what is missing.
   *[other] { $names } have what is missing.
}
missing-stranger = somebody whom you do not know
forked = { $name }'s device has written two different messages in one place, as a copied device does. Both are shown.
forked-own = Your device has written two different messages in one place, as a copied device does. Both are shown.
mark-queued = Queued. { $why }
waits-sending = Is being sent …
waits-for-them = Waits for { $name } to come online
waits-connecting = Waits for the meeting point …
waits-unreachable = The meeting point cannot be reached. It is sent as soon as it can
waits-refused = The meeting point refuses us. See Settings
waits-nowhere = There is no meeting point. See Settings
mark-sent = Sent: { $name } has not received it yet
mark-delivered = Delivered
mark-sent-group = Sent: not everybody has received it yet
waits-for-group = Waits for the others to come online
mark-read = Read
send-failed = Not sent: { $why }
you-said = You, { $time }
they-said = { $name }, { $time }
heard = { $name }: { $text }
typing = { $count ->
    [one] { $names } is writing …
   *[other] { $names } are writing …
}
message-deleted = This message was deleted
message-newer = This was written by a newer Kith. Update yours to see it.
message-newer-short = Written by a newer Kith
message-edited = edited
message-forwarded = Forwarded
quote-open = Go to what { $name } wrote: { $text }
quote-open-own = Go to what you wrote: { $text }
reactions = Reactions
reacted = { $names } reacted with { $emoji }
list-and = { $list } and { $last }

## What can be done with a message

menu-open = What you can do with the message of { $time }
menu-title = Message of { $time }
act-react = React
react-with = React with { $emoji }
react-more = More emoji
act-reply = Reply
act-copy = Copy
act-forward = Forward
act-edit = Edit
act-delete = Delete
reply-to = Reply to { $name }
reply-own = Reply to yourself
reply-leave = Write no reply
edit-title = Edit your message
edit-leave = Leave it as it is
edit-save = Save
edit-failed = Not changed: { $why }
copy-failed = This could not be copied. Select the text and copy it yourself.
delete-ask = Delete this message?
delete-everyone = Delete for everyone
delete-everyone-what = For everyone: its text is erased here, and on their devices as soon as they hear of it. They see that a message was deleted.
delete-me = Delete for me
delete-me-what = For you: it is gone from this device. Everybody else keeps it.
forward-title = Forward to …
picks-search = Find somebody
picks-people = People
picks-none = Nobody of this name.
forward-nobody = Choose somebody first.
forward-count = { $count ->
    [one] Forward to 1 chat
   *[other] Forward to { $count } chats
}
forward-done = { $count ->
    [one] Forwarded to 1 chat
   *[other] Forwarded to { $count } chats
}

## About a message

info-open = About the message of { $time }
info-title = About this message
info-from = From
info-you = You
info-written = Written
info-when = { $day }, { $time }
info-state = State
info-received = Received
info-have = Received by
info-wait = Not yet by
info-path = Way
info-path-direct = Directly, from device to device
info-path-relay = Through a relay, sealed
info-path-mail = Through a mailbox, sealed
info-path-none = It has not left this device yet
info-path-unknown = Not known
close = Close

## Groups

somebody = Somebody
group-new = New group
group-new-lead = Everybody in a group reads what is written in it. You are its first admin: admins add and remove people.
group-name = Name of the group
group-name-missing = Give the group a name first.
group-members = Members
group-chosen = { $count ->
    [one] Members: 1 person and you
   *[other] Members: { $count } people and you
}
group-no-contacts = You have no contacts yet. Add somebody first, then the group.
group-create = Create group
group-count = { $count ->
    [one] 1 member
   *[other] { $count } members
}
group-outside = You are not in this group any more. What was written until then stays here.
group-heir = This group has no admin any more. You have been in it the longest, so you can become one.
group-take-over = Become admin
group-admin = Admin
group-add = Add members
group-add-do = Add
group-write = Write
group-promote = Make admin
group-demote = No admin any more
group-remove = Remove from group
group-remove-ask = Remove { $name } from the group?
group-remove-what = They keep what they have, and get nothing that is written from now on. Everybody sees that you removed them.
group-history-part = What new members get
group-history = Show older messages to new members
group-history-what = Who is added from now on also gets what was written before.
group-leave = Leave group
group-leave-ask = Leave “{ $name }”?
group-leave-what = You get nothing that is written from now on. What was written until then stays here. Everybody sees that you left.
change-you = you
change-created = { $by } made the group “{ $about }”.
change-added = { $by } added { $about }.
change-removed = { $by } removed { $about }.
change-left = { $by } left.
change-promoted = { $by } made { $about } an admin.
change-took-over = { $by } became admin, since there was none any more.
change-demoted = { $by } ended that { $about } can change the group.
change-renamed = { $by } named the group “{ $about }”.
change-history-on = { $by } shows older messages to new members.
change-history-off = { $by } shows new members only what is written from then on.
change-newer = { $by } changed the group with a newer version of Kith. Update yours to see how.
change-no-admin = It does not count: only admins can do that.
change-overruled = It does not count: somebody else ended their right to it at the same time.
change-senior = It does not count: nobody can do that to who has been an admin for longer.
change-unreadable = This version cannot read it.
change-beside = Somebody else changed something about it at the same time.

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
contact-address = Your address
contact-hide = Hide my address
contact-hide-what = { $name } does not learn where you are, unless they run your relay or a meeting point that you use. Messages go through a relay or a mailbox at a meeting point of yours, sealed, which takes longer than the direct way.
contact-hide-all = You hide your address from everybody. See Settings.
contact-hide-apart = Messages wait here: none of your meeting points is one where { $name } is met, and to go to theirs would show your address. Name theirs among yours in Settings, or show your address.
contact-hide-relay = Messages go through a mailbox: no way to { $name } through your relay server was found.
contact-hide-card = Your contact card names an address in your own network, where others meet you. Whoever has the card can see it. Choose other meeting points in Settings to hide it.
contact-hide-mail = Messages go through a mailbox: you hide your address and no relay server is set up. With a turn: server in Settings they go through that, which is quicker.
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
settings-address = Your address
settings-address-lead = Devices that write to each other directly know each other's network address, and so about where the other is.
settings-hide = Hide my address from everybody
settings-hide-lost = The settings of this device could not be read and were put aside. So your address is hidden from everybody until you choose here.
settings-hide-what = Messages go through a relay or a mailbox at a meeting point of yours, sealed, which takes longer than the direct way. Relays and meeting points still see your address. You can also hide it from one person, in their details.
settings-ice = Servers that help to find a way
settings-ice-lead = They tell this device its own address, or pass on what cannot go directly (sealed, so that they read nothing).
settings-ice-public = Ask public servers too
settings-ice-public-what = { $servers }. They learn this device's address and nothing else.
settings-ice-own = Your servers
settings-ice-login = With user name and password
settings-ice-secret = With a secret
settings-ice-address = Address of a server
settings-ice-hint = stun:host:port, turn:user:password@host:port, or turn:secret@host:port for a relay that shares a secret
settings-ice-add = Add
settings-ice-drop = Remove
settings-ice-remove = Remove { $server }
settings-ice-kept = Saved. It holds from the next connection on.
settings-ice-missing = Write the server's address first.
settings-ice-fixed = The command line names the servers. Start without --ice and --no-default-ice to choose here.
settings-connection = Connection
settings-connection-lead = What works and what does not, and what to do about it.
settings-connection-open = Look at the connection

## Connection

connection-title = Connection
connection-open = Connection: what works and what does not
connection-people = People
connection-nobody = There is nobody to be connected to yet.
connection-path-direct = Directly, from device to device
connection-path-relay = Through a relay
connection-path-mail = Away. Messages wait in their mailbox
connection-path-hidden = Through a mailbox: you hide your address and no relay server is set up
connection-path-relay-fails = Through a mailbox: you hide your address, and no way through your relay server was found
connection-path-they-hide = Through a mailbox: they are there and take no link, perhaps because they hide their address
connection-path-apart = Messages wait here: you hide your address, and none of your meeting points is theirs
connection-path-none = Away. Messages wait here
connection-there-and-back = { $path }, { $time } there and back
connection-check = Checkup
connection-check-lead = Asks your meeting points and servers what works from here. It takes up to ten seconds, and changes nothing.
connection-check-now = Check now
connection-checking = Checking …
connection-attention = { $count ->
    [one] One thing needs attention.
   *[other] { $count } things need attention.
}
connection-well = All is well.
connection-means = What it means
connection-do = What to do
connection-copy = Copy as text
connection-copied = Copied. It holds addresses, but no names and no passwords.
connection-not-copied = This could not be copied. Try again, or take a picture of the page.
connection-cannot = This cannot be checked: { $why }

## What a checkup says needs attention: what is the matter, what it means, what to do

problem-no-broker = There is no meeting point.
problem-no-broker-means = A meeting point is where others find you. Without one nobody can reach you, and you reach nobody.
problem-no-broker-do = Choose in Settings under “Meeting points” how others can reach you.
problem-no-network = Nobody outside this computer answers: no meeting point, and no server that helps to find a way.
problem-no-network-means = This device seems to have no way to the internet at the moment. Nobody there can reach you. Messages wait, and go when it is back.
problem-no-network-do = Check whether other programs reach the internet; in a hotel or café open any web page, perhaps it wants you to sign in. If they do, this network does not let Kith through: try another one.
problem-name-late = The address of { $name } was not found in time.
problem-name-late-means = The network's directory of names (DNS) gave no answer. Whether the name is right is not known.
problem-name-late-do = Check again. If it stays so, start the router anew, or try another network.
problem-broker-unknown = The meeting point { $name } is not found: its name has no address.
problem-broker-unknown-means = Nobody can reach you there. The name is misspelled, or gone, or this device has no network at the moment.
problem-broker-unknown-do = Check the name, and whether other programs reach the internet.
problem-broker-unreachable = The meeting point { $name } is not reached: { $detail }.
problem-broker-unreachable-means = Nobody can reach you there. It may be down, its port wrong, or a firewall in between.
problem-broker-unreachable-do = Check address and port. Try another network; if it works there, this one blocks the port: one with wss:// at port 443 passes almost everywhere.
problem-broker-not-secure = The meeting point { $name } is reached, but not securely: { $detail }.
problem-broker-not-secure-means = Kith does not use it: somebody else might be listening there.
problem-broker-not-secure-do = Ask whoever runs it for its right address. Check this device's date and time, too.
problem-broker-login = The meeting point { $name } refuses your user name and password.
problem-broker-login-means = Nobody can reach you there until it lets you in.
problem-broker-login-do = Correct them in its address: user:password@ before its name, special characters as %XX.
problem-broker-refuses = The meeting point { $name } is reached and does not let you in: { $detail }.
problem-broker-refuses-means = Nobody can reach you there. What answers may be no MQTT broker, or one that wants a user name, or one that is full.
problem-broker-refuses-do = Check the address, above all the port and, for ws:// and wss://, the path. Ask whoever runs it.
problem-broker-deaf = The meeting point { $name } does not let you listen.
problem-broker-deaf-means = You can leave messages there for others, and receive none: to it you are a guest.
problem-broker-deaf-do = Put the user name and password that its operator gave you into its address, or choose another meeting point as yours.
problem-broker-mute = The meeting point { $name } lets you in, but does not confirm what it is given.
problem-broker-mute-means = Messages over it may be lost, so Kith keeps sending them again. It is overloaded or does not work as it should.
problem-broker-mute-do = Try again later. If it stays so, tell whoever runs it, and choose another.
problem-broker-loses = The meeting point { $name } confirms messages and does not deliver them.
problem-broker-loses-means = Others believe you are away while you are there. Its access rules may be wrong.
problem-broker-loses-do = Tell whoever runs it, and choose another meanwhile.
problem-broker-small = The meeting point { $name } delivers small messages and no large ones: { $detail }.
problem-broker-small-means = Short messages arrive. Long ones, and many at once for somebody who is away, do not arrive over it.
problem-broker-small-do = Ask whoever runs it to allow packets of 128 KiB, or choose another.
problem-broker-slow = The meeting point { $name } takes { $detail } for one message.
problem-broker-slow-means = Everything works, but it takes long until two devices find each other.
problem-broker-slow-do = Choose one that is nearer, or try another network.
problem-stun-unknown = The server { $name } is not found: its name has no address.
problem-stun-unknown-means = It cannot tell this device its own address in the internet, which direct links need.
problem-stun-unknown-do = Check the name in Settings under “Servers that help to find a way”, and whether other programs reach the internet.
problem-stun-silent = The server { $name } does not answer.
problem-stun-silent-means = It cannot tell this device its own address in the internet. While other servers do, links only take a little longer; without any, direct links often fail.
problem-stun-silent-do = Remove it if it stays silent, or correct its address.
problem-udp-blocked = No server answers over UDP.
problem-udp-blocked-means = This network seems to block it, as those of companies and hotels often do. Direct links need UDP; without it messages go by way of the meeting point: they arrive, only slower.
problem-udp-blocked-do = Nothing must be done. To have direct links, use another network, or ask who runs this one to let UDP through.
problem-udp-silent = No server answers over UDP.
problem-udp-silent-means = Direct links need UDP, and this network seems to block it. Without it messages go by way of a meeting point, and none works at the moment: messages wait.
problem-udp-silent-do = First see to it that a meeting point works. To have direct links too, use another network, or ask who runs this one to let UDP through.
problem-strict-nat = This network gives you another address for everybody whom you talk to.
problem-strict-nat-means = Others cannot use the address that you know of yourself. With most people no direct link comes about: only with those whose router lets everybody answer, or who have a public address. Messages then go by way of the meeting point: they arrive, only slower.
problem-strict-nat-do = Add a TURN server in Settings under “Servers that help to find a way”; some routers can also be set to “full cone”.
problem-relay-unknown = The relay { $name } is not found: its name has no address.
problem-relay-unknown-means = Where no direct way exists there is no relay to help; messages go by way of the meeting point.
problem-relay-unknown-do = Check its name in Settings under “Servers that help to find a way”.
problem-relay-silent = The relay { $name } does not answer.
problem-relay-silent-means = Where no direct way exists there is no relay to help; messages go by way of the meeting point.
problem-relay-silent-do = Check address and port (3478 is usual), and whether its firewall lets UDP in.
problem-relay-login = The relay { $name } refuses your user name and password.
problem-relay-login-means = Where no direct way exists there is no relay to help. Passwords of relays often run out after some days.
problem-relay-login-do = Ask whoever runs it for new ones, and put them into its address: turn:user:password@host:port.
problem-relay-secret = The relay { $name } refuses what the secret in its address says.
problem-relay-secret-means = The secret is wrong, or this device's clock is: of both Kith makes a password that holds for a day. Where no direct way exists there is no relay to help.
problem-relay-secret-do = Check date and time of this device. Ask whoever runs the relay for its secret, and put it into its address: turn:secret@host:port.
problem-relay-open = The relay { $name } gives relays to everybody, and Kith cannot use it.
problem-relay-open-means = Kith logs in at a relay, and this one asks for no user name and no password. Where no direct way exists there is no relay to help.
problem-relay-open-do = Ask whoever runs it to demand a login. As it is, anybody can send through it, and many networks soon block such ones.
problem-relay-full = The relay { $name } has no room for you.
problem-relay-full-means = It lets each user have only so many links, or is full. Where no direct way exists there is no relay to help.
problem-relay-full-do = Try again later, or ask whoever runs it for more room.
problem-relay-refuses = The relay { $name } refuses with error { $detail }.
problem-relay-refuses-means = Where no direct way exists there is no relay to help; messages go by way of the meeting point.
problem-relay-refuses-do = Tell whoever runs it that number.
problem-relay-strange = What answers as { $name } is no relay.
problem-relay-strange-means = It may be a STUN server only: it tells addresses, and passes nothing on.
problem-relay-strange-do = Name it with stun: instead of turn:, or correct its address.
problem-ipv6-broken = This device has an IPv6 address, but nothing comes back over IPv6.
problem-ipv6-broken-means = Links over IPv4 are not touched. Some take a little longer, because IPv6 is tried in vain.
problem-ipv6-broken-do = Start the router anew. If it stays so, tell who runs this network.
problem-clock = This device's clock shows a time in the past.
problem-clock-means = Secure connections are refused, because every certificate seems to be from the future, and your messages bear wrong times.
problem-clock-do = Set date and time, best by themselves over the network.

## … and what is well, or only worth knowing

fact-broker-well = The meeting point { $name } lets you in and delivers. It confirms a message after { $detail }.
fact-broker-idle = This computer's own meeting point ({ $name }) does not run now. It does while a Kith is open.
fact-udp-passes = UDP passes, which direct links need.
fact-udp-not-checked = UDP was not checked: it takes a server that answers.
fact-address = Servers see this device at { $name }.
fact-nat-none = No router changes your address: direct links work with nearly everybody.
fact-nat-easy = Your router shows one address to everybody: direct links work with most people.
fact-nat-strict = Your router shows another address to everybody: direct links come about only with people whose router lets everybody answer, or who have a public address. With all others the relay helps.
fact-nat-unknown = How your router treats addresses is not known: it takes two servers that answer.
fact-filter-open = Packets of everybody are let in.
fact-filter-closed = Packets are let in only from those to whom this device wrote first. That is usual, and Kith does so.
fact-filter-unknown = Whose packets are let in was not checked: no server here can tell, and few can.
fact-relay-well = The relay { $name } gives you a place, after { $detail }.
fact-relay-none = No relay (TURN server) is named. Where no direct way exists, messages go by way of the meeting point.
fact-ipv6-works = IPv6 works, from { $name }.
fact-ipv6-unproven = This device has an IPv6 address. Whether packets pass is not known: no server that answers has one too.
fact-ipv6-none = There is no IPv6 here. Links use IPv4.
fact-clock-plausible = The clock may be right: a meeting point's certificate is valid at the time that it shows.
fact-clock-not-checked = The clock was not checked: nobody whom Kith asks tells the time. Kith needs it only to show times.

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
refused-server = “{ $address }” is no address of a STUN or TURN server. They look like stun:host:port, turn:user:password@host:port or turn:secret@host:port, without spaces.
refused-server-twice = “{ $address }” is there already.
refused-many-servers = There can be { $most } servers at most.
refused-storage = This could not be kept: { $why }
refused-saving = This could not be saved: { $why }
refused-hiding = Your address is hidden until Kith ends. This could not be kept: { $why }
refused-ending = Kith is just ending.
refused-not-yours = Only who wrote a message can change it.
refused-deleted = This message was deleted meanwhile.
refused-newer = This message was written by a newer Kith. Update yours first.
refused-reaction = There is no room for more reactions beside this message.
refused-group = This group is not there any more.
refused-outside = You are not in this group any more.
refused-no-admin = Only an admin of this group can do that.
refused-message = This message is not there any more.

## Notifications

notify-request = { $name } wants to write to you
